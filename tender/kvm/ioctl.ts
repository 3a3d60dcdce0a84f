/**
 * Calls KVM: an ioctl on one of its descriptors, which throws if the kernel refuses.
 *
 * @module
 */
import { type Fields, type Struct, type Values, viewOf } from "../../abi/layout.ts";
import { check, ERRNO, errno, seldom } from "../../linux/libc.ts";
import { REQUEST } from "./abi.ts";

/** A request's name, without the kernel's `KVM_`. */
export type Request = keyof typeof REQUEST;

const c = seldom({
  ioctl: { parameters: ["i32", "u32", "usize"], result: "i32" },
  ioctl_struct: { name: "ioctl", parameters: ["i32", "u32", "buffer"], result: "i32" },
});

/**
 * Makes a request whose argument is a number.
 *
 * @returns the kernel's result, 0 or more
 * @throws {SystemError} with the request's name
 */
export function call(fd: number, request: Request, argument = 0): number {
  return uninterrupted(request, () => c.ioctl(fd, REQUEST[request], BigInt(argument)));
}

/**
 * Makes a request whose argument is a structure, which the kernel reads, writes or both.
 *
 * @returns the kernel's result, 0 or more
 * @throws {SystemError} with the request's name
 */
export function callWith(fd: number, request: Request, argument: Uint8Array<ArrayBuffer>): number {
  return uninterrupted(request, () => c.ioctl_struct(fd, REQUEST[request], argument));
}

/**
 * Makes a request that fills in a structure.
 *
 * @param size of the structure, in bytes
 * @throws {SystemError} with the request's name
 */
export function getBytes(fd: number, request: Request, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  callWith(fd, request, bytes);
  return bytes;
}

/** As {@linkcode getBytes}, with the structure's fields. */
export function get<F extends Fields>(
  fd: number,
  request: Request,
  type: Struct<F>,
): Values<F> {
  return type.read(viewOf(getBytes(fd, request, type.size)), 0);
}

/** Makes a request again where a signal interrupts it, such as that of a child's end. */
function uninterrupted(request: Request, make: () => number): number {
  for (;;) {
    const result = make();
    if (result < 0 && errno() === ERRNO.EINTR) continue;
    return check(result, `KVM_${request}`);
  }
}
