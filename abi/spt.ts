/**
 * The contract of the spt target (sandboxed process, ABI 2). Source: spec/solo5-abi.md, section 4.
 *
 * @module
 */
import { i32, struct, u32, u64, usize } from "./layout.ts";

/** Lowest address of guest memory, which is part of the process's own address space. */
export const MEMORY_START = 0x1_0000;
/** Where boot info, then the manifest, then the command line lie; also the entry argument. */
export const BOOT_INFO = 0x1_1000;

/** Boot info (`struct spt_boot_info`). */
export const BootInfo = struct({
  memSize: usize,
  kernelEnd: usize,
  cmdline: usize,
  mft: usize,
  epollfd: i32,
  timerfd: i32,
});

/** `epoll_event.data` of the timer descriptor; a device's is its handle. */
export const TIMER_EVENT = 0xffff_fffe;

/** Linux's `struct epoll_event` on x86_64, where it is packed (12 bytes). */
export const EpollEventX86 = struct({ events: u32, dataLow: u32, dataHigh: u32 });
/** Linux's `struct epoll_event` elsewhere (16 bytes). */
export const EpollEvent = struct({ events: u32, data: u64 });

/** Distance of the initial stack pointer from the end of memory, by architecture, in bytes. */
export const STACK_GAP = { x86_64: 8, aarch64: 16 } as const;
