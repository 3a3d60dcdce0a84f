/**
 * Executables that exist only in memory: makes them, and executes them in place of this program.
 *
 * @module
 */
import { AT_EMPTY_PATH, MFD_ALLOW_SEALING, MFD_CLOEXEC, MFD_EXEC } from "./constants.ts";
import { check, closeDescriptor, cstr, ERRNO, errno, SystemError } from "./libc.ts";
import { Aarch64, X86_64 } from "./syscalls.ts";
import { systemCall, wordOf } from "./system_call.ts";

/** Characters that fit into the name of a file in memory (249 bytes), however they are encoded. */
const LONGEST_NAME = 62;

/** Numbers of the system calls on this architecture. */
const CALLS = {
  x86_64: {
    write: X86_64.write,
    memfd_create: X86_64.memfd_create,
    execveat: X86_64.execveat,
  },
  aarch64: {
    write: Aarch64.write,
    memfd_create: Aarch64.memfd_create,
    execveat: Aarch64.execveat,
  },
}[Deno.build.arch];

/** An executable without a file. */
export interface MemoryFile {
  readonly descriptor: number;
  /** A path that other processes can open it by, for as long as it is not closed. */
  readonly path: string;
  close(): void;
}

/**
 * Puts an executable into memory.
 *
 * @param name of the file; the process that executes it is called by it
 * @throws {SystemError}
 */
export function memoryFile(name: string, bytes: Uint8Array): MemoryFile {
  const descriptor = createExecutable(name);
  try {
    for (let rest = bytes; rest.length > 0;) {
      const bytes = rest as Uint8Array<ArrayBuffer>;
      const written = systemCall(CALLS.write, descriptor, bytes, bytes.length);
      rest = rest.subarray(check(written, "write", name));
    }
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
  return {
    descriptor,
    path: `/proc/${Deno.pid}/fd/${descriptor}`,
    close: () => closeDescriptor(descriptor),
  };
}

/**
 * Executes a program in place of this one. It keeps the process's identity, its terminal, and the
 * descriptors that are not closed on exec. Its environment is empty.
 *
 * @throws {SystemError} if the kernel refuses; otherwise it does not return
 */
export function become(file: Pick<MemoryFile, "descriptor">, args: readonly string[]): never {
  const [path, list, environment] = [cstr(""), stringList(args), stringList([])];
  systemCall(CALLS.execveat, file.descriptor, path, list, environment, AT_EMPTY_PATH);
  throw new SystemError("execveat", errno(), args[0]);
}

/** Addresses of strings, then a null, then the strings: one piece, so that none is freed before use. */
export function stringList(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  const texts = strings.map(cstr);
  const table = 8 * (strings.length + 1);
  const list = new Uint8Array(texts.reduce((size, text) => size + text.length, table));
  const base = wordOf(list);
  const view = new DataView(list.buffer);
  let at = table;
  texts.forEach((text, index) => {
    view.setBigUint64(8 * index, base + BigInt(at), true);
    list.set(text, at);
    at += text.length;
  });
  return list;
}

const FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING;

/** Kernels before 6.3 do not know the flag that asks for an executable file, and need none. */
function createExecutable(path: string): number {
  const name = path.slice(0, LONGEST_NAME);
  const descriptor = systemCall(CALLS.memfd_create, cstr(name), FLAGS | MFD_EXEC);
  if (descriptor >= 0 || errno() !== ERRNO.EINVAL) return check(descriptor, "memfd_create", name);
  return check(systemCall(CALLS.memfd_create, cstr(name), FLAGS), "memfd_create", name);
}
