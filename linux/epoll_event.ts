/**
 * `struct epoll_event`.
 *
 * @module
 */

/** Its size and where its data of 64 bits is, in bytes; the events, of 32 bits, come first. Packed on x86_64 alone. */
export const EpollEvent: { readonly data: number; readonly size: number } =
  Deno.build.arch === "x86_64" ? { data: 4, size: 12 } : { data: 8, size: 16 };
