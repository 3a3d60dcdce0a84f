/**
 * What the public API, `solo5.h`, fixes for every target. Source: spec/solo5-abi.md, section 5.
 *
 * @module
 */

/** `solo5_result_t`. */
export const RESULT = { OK: 0, AGAIN: 1, EINVAL: 2, EUNSPEC: 3 } as const;

/** Exit statuses with a meaning of their own; 255 is what an abort gives. */
export const EXIT = { SUCCESS: 0, FAILURE: 1, ABORT: 255 } as const;

/** Lowest address at which a unikernel may be linked, on every target. */
export const LOWEST_ADDRESS = 0x10_0000;

/** Size of the command line in guest memory with its NUL, in bytes. */
export const COMMAND_LINE_SIZE = 8192;

/** Memory given to a unikernel when nothing else is said, in MiB (section 6). */
export const DEFAULT_MEMORY_MIB = 512;

/** Page size of x86_64 and of aarch64 as Solo5 uses it, in bytes. */
export const PAGE_SIZE = 4096;

/** The release of Solo5 whose contracts and programs this project stands in for. */
export const SOLO5_VERSION = "0.12.1";

/**
 * Sizes of guest memory that a target can give, in bytes: multiples of a step up to a maximum. hvt's
 * maximum is what its page directories map (section 2), spt's what surely lies below a Linux process's
 * own mappings, virtio's what QEMU's PC has below the addresses of its devices.
 */
export const MEMORY = {
  hvt: { step: 0x20_0000, max: 0x1_0000_0000 },
  spt: { step: PAGE_SIZE, max: 2 ** 46 },
  virtio: { step: 0x10_0000, max: 0xc000_0000 },
} as const;
