/**
 * The C files of this room as texts, each by its name relative to it. They are imported, not read, so
 * that they are found wherever this module is imported from: a checkout, the cache, a server.
 *
 * @module
 */
export { default as "common/bindings.h" } from "./common/bindings.h" with { type: "text" };
export { default as "common/block.c" } from "./common/block.c" with { type: "text" };
export { default as "common/cpu.h" } from "./common/cpu.h" with { type: "text" };
export { default as "common/cpu_aarch64.h" } from "./common/cpu_aarch64.h" with { type: "text" };
export { default as "common/cpu_x86_64.h" } from "./common/cpu_x86_64.h" with { type: "text" };
export { default as "common/devices.c" } from "./common/devices.c" with { type: "text" };
export { default as "common/exit.c" } from "./common/exit.c" with { type: "text" };
export { default as "common/linker.h" } from "./common/linker.h" with { type: "text" };
export { default as "common/log.c" } from "./common/log.c" with { type: "text" };
export { default as "common/memory.c" } from "./common/memory.c" with { type: "text" };
export { default as "common/memory_functions.c" } from "./common/memory_functions.c" with { type: "text" };
export { default as "common/net.c" } from "./common/net.c" with { type: "text" };
export { default as "common/offer.h" } from "./common/offer.h" with { type: "text" };
export { default as "common/stack_guard.c" } from "./common/stack_guard.c" with { type: "text" };
export { default as "common/start.c" } from "./common/start.c" with { type: "text" };
export { default as "common/string_functions.c" } from "./common/string_functions.c" with { type: "text" };
export { default as "common/text.c" } from "./common/text.c" with { type: "text" };
export { default as "common/text.h" } from "./common/text.h" with { type: "text" };
export { default as "common/tls_aarch64.c" } from "./common/tls_aarch64.c" with { type: "text" };
export { default as "common/tls_x86_64.c" } from "./common/tls_x86_64.c" with { type: "text" };
export { default as "hvt/clock.c" } from "./hvt/clock.c" with { type: "text" };
export { default as "hvt/devices.c" } from "./hvt/devices.c" with { type: "text" };
export { default as "hvt/hvt.h" } from "./hvt/hvt.h" with { type: "text" };
export { default as "hvt/hypercall.h" } from "./hvt/hypercall.h" with { type: "text" };
export { default as "hvt/hypercall_aarch64.h" } from "./hvt/hypercall_aarch64.h" with { type: "text" };
export { default as "hvt/hypercall_x86_64.h" } from "./hvt/hypercall_x86_64.h" with { type: "text" };
export { default as "hvt/platform.c" } from "./hvt/platform.c" with { type: "text" };
export { default as "hvt/start.c" } from "./hvt/start.c" with { type: "text" };
export { default as "hvt/tables_x86_64.S" } from "./hvt/tables_x86_64.S" with { type: "text" };
export { default as "hvt/trap.c" } from "./hvt/trap.c" with { type: "text" };
export { default as "hvt/trap_aarch64.h" } from "./hvt/trap_aarch64.h" with { type: "text" };
export { default as "hvt/trap_x86_64.h" } from "./hvt/trap_x86_64.h" with { type: "text" };
export { default as "hvt/vectors_aarch64.S" } from "./hvt/vectors_aarch64.S" with { type: "text" };
export { default as "include/elf_abi.h" } from "./include/elf_abi.h" with { type: "text" };
export { default as "include/hvt_abi.h" } from "./include/hvt_abi.h" with { type: "text" };
export { default as "include/libc/limits.h" } from "./include/libc/limits.h" with { type: "text" };
export { default as "include/libc/string.h" } from "./include/libc/string.h" with { type: "text" };
export { default as "include/mft_abi.h" } from "./include/mft_abi.h" with { type: "text" };
export { default as "include/solo5.h" } from "./include/solo5.h" with { type: "text" };
export { default as "include/spt_abi.h" } from "./include/spt_abi.h" with { type: "text" };
export { default as "solo5.lds" } from "./solo5.lds" with { type: "text" };
export { default as "spt/clock.c" } from "./spt/clock.c" with { type: "text" };
export { default as "spt/devices.c" } from "./spt/devices.c" with { type: "text" };
export { default as "spt/linux.h" } from "./spt/linux.h" with { type: "text" };
export { default as "spt/linux_aarch64.h" } from "./spt/linux_aarch64.h" with { type: "text" };
export { default as "spt/linux_x86_64.h" } from "./spt/linux_x86_64.h" with { type: "text" };
export { default as "spt/platform.c" } from "./spt/platform.c" with { type: "text" };
export { default as "spt/spt.h" } from "./spt/spt.h" with { type: "text" };
export { default as "spt/start.c" } from "./spt/start.c" with { type: "text" };
export { default as "stub/stub.c" } from "./stub/stub.c" with { type: "text" };
