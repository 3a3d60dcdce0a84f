/**
 * Bindings of the C library's functions, and `errno` as an error.
 *
 * Each file of this room binds only the calls that it makes, when it is loaded: a binding costs
 * start-up time, and no command should pay for another's.
 *
 * @module
 */

/** A system call that failed. The message says which, of what, and why. */
export class SystemError extends Error {
  /** The name of the class. */
  override readonly name = "SystemError";
  /** The call's name, as in its manual page. */
  readonly call: string;
  /** The value of `errno`. */
  readonly errno: number;

  /** An error of a call, with what it was about, such as a path or an interface, if that is known. */
  constructor(call: string, errno: number, subject?: string) {
    super(`${subject === undefined ? "" : `${subject}: `}${call}: ${errorText(errno)}`);
    this.call = call;
    this.errno = errno;
  }
}

/** Values of `errno` that this project tells apart (Linux, x86_64 and aarch64 alike). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENETDOWN: 100,
  ECONNRESET: 104,
  ECONNREFUSED: 111,
} as const;

type Interface = Deno.ForeignLibraryInterface;
type Symbols<S extends Interface> = Deno.DynamicLibrary<S>["symbols"];

/**
 * A parameter that is added to those of a call, and that the call ignores. The runtime compiles machine
 * code for every symbol that it binds, except where a structure is among the parameters.
 */
export const UNREAD = { struct: ["u8"] } as const;
/** The argument for {@linkcode UNREAD}. */
export const unread: Uint8Array<ArrayBuffer> = new Uint8Array(1);

const ERRNO_LOCATION = { __errno_location: { parameters: [UNREAD], result: "pointer" } } as const;

/**
 * `errno` as memory. To read it through the runtime would be a call in which it may collect garbage, and
 * that makes system calls of its own.
 */
let errnoMemory: Int32Array | undefined;

/** Binds calls of the C library that are made often. */
export function libc<const S extends Interface>(symbols: S): Symbols<S> {
  // A `dlopen` costs more than a symbol of it, so the first caller's binds the location of `errno`, too.
  if (errnoMemory !== undefined) return Deno.dlopen("libc.so.6", symbols).symbols;
  const bound = Deno.dlopen("libc.so.6", { ...symbols, ...ERRNO_LOCATION }).symbols;
  // The location belongs to the thread, which never changes for the code of one isolate.
  const location = bound as unknown as { __errno_location(none: BufferSource): Deno.PointerObject };
  const pointer = location.__errno_location(unread);
  errnoMemory = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, 4));
  return bound as Symbols<S>;
}

/**
 * Binds calls of the C library that are made seldom: no machine code is made for them, which saves
 * more time than a few thousand calls lose.
 */
export function seldom<const S extends Interface>(symbols: S): Symbols<S> {
  const longer: Record<string, Deno.ForeignFunction> = {};
  for (const [name, { parameters, ...rest }] of Object.entries(symbols as Functions)) {
    longer[name] = { ...rest, parameters: [...parameters, UNREAD] };
  }
  const bound = libc(longer) as Record<string, ((...args: unknown[]) => unknown) | null>;
  const calls: Record<string, (...args: unknown[]) => unknown> = {};
  for (const [name, call] of Object.entries(bound)) {
    // An optional one that this C library lacks.
    if (call === null) continue;
    calls[name] = (...args) => call(...args, unread);
  }
  return calls as Symbols<S>;
}

type Functions = Readonly<Record<string, Deno.ForeignFunction>>;

/** The value of `errno`; valid right after a synchronous call. */
export function errno(): number {
  return errnoMemory![0]!;
}

let close: ((fd: number) => number) | undefined;

/** Closes a descriptor. */
export function closeDescriptor(fd: number): void {
  close ??= seldom({ close: { parameters: ["i32"], result: "i32" } }).close;
  close(fd);
}

/** The C library's text for a value of `errno`. */
export function errorText(code: number): string {
  const { strerror } = seldom({ strerror: { parameters: ["i32"], result: "pointer" } });
  const text = strerror(code);
  return text === null ? `error ${code}` : Deno.UnsafePointerView.getCString(text);
}

/**
 * Passes on the result of a call that returns a negative number when it fails.
 *
 * @throws {SystemError} with the call's name and, where given, what it was about
 */
export function check(result: number, call: string, subject?: string): number {
  if (result < 0) throw new SystemError(call, errno(), subject);
  return result;
}

/** A NUL-terminated copy of a string, to pass as `buffer`. */
export function cstr(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
