/**
 * Executables that exist only in memory: made, and executed in place of this process.
 *
 * @module
 */
import { check, cstr, ERRNO, errno, libc, SystemError } from "./libc.ts";

const MFD_CLOEXEC = 1;
const MFD_EXEC = 0x10;
const SIG_SETMASK = 2;
const SIGPIPE = 13;
/** Room for any C library's `sigset_t`, in bytes. */
const SIGSET_SIZE = 128;

const c = libc({
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  fexecve: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "pointer" },
  sigprocmask: { parameters: ["i32", "buffer", "pointer"], result: "i32" },
});

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
 * @param name what the process's name comes from
 * @throws {SystemError}
 */
export function memoryFile(name: string, bytes: Uint8Array): MemoryFile {
  const descriptor = createExecutable(name);
  try {
    for (let rest = bytes; rest.length > 0;) {
      const written = c.write(descriptor, rest as Uint8Array<ArrayBuffer>, BigInt(rest.length));
      rest = rest.subarray(check(Number(written), "write", name));
    }
  } catch (error) {
    c.close(descriptor);
    throw error;
  }
  return {
    descriptor,
    path: `/proc/${Deno.pid}/fd/${descriptor}`,
    close: () => void c.close(descriptor),
  };
}

/**
 * Becomes an executable: the process goes on as that program, with its terminal, its open
 * descriptors and its identity; signals are handled by default again. The environment is empty.
 *
 * @throws {SystemError} if the kernel refuses; otherwise it does not return
 */
export function become(file: MemoryFile, args: readonly string[]): never {
  // The runtime ignores SIGPIPE, and what is ignored stays so through an exec.
  c.signal(SIGPIPE, null);
  c.sigprocmask(SIG_SETMASK, new Uint8Array(SIGSET_SIZE), null);
  const strings = args.map(cstr);
  const argv = new BigUint64Array(strings.length + 1);
  strings.forEach((text, index) => {
    argv[index] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(text));
  });
  c.fexecve(file.descriptor, argv, new BigUint64Array(1));
  throw new SystemError("fexecve", errno(), args[0]);
}

/** Kernels before 6.3 do not know the flag that asks for an executable file, and need none. */
function createExecutable(name: string): number {
  const descriptor = c.memfd_create(cstr(name), MFD_CLOEXEC | MFD_EXEC);
  if (descriptor >= 0 || errno() !== ERRNO.EINVAL) return check(descriptor, "memfd_create", name);
  return check(c.memfd_create(cstr(name), MFD_CLOEXEC), "memfd_create", name);
}
