/*
 * start.c: the entry point of a virtual machine. The tender sets up the stack as a call would.
 */
#include "hvt.h"

#include "../common/bindings.h"
#include "elf_abi.h"
#include "net_ring.h"

ABI1_NOTE_DECLARE(ABI_TARGET_HVT, HVT_ABI_VERSION)
NOT_OPENBSD_NOTE_DECLARE
INTERP_DECLARE

_Noreturn void platform_start(const struct hvt_boot_info *info);

void platform_start(const struct hvt_boot_info *info) {
    cpu_init();
    clock_init(info->cpu_cycle_freq);
    struct boot boot = {
        .target = "hvt",
        .cmdline = info->cmdline,
        .mft = info->mft,
        .mem_size = info->mem_size,
        .kernel_end = info->kernel_end,
    };
    net_ring_init(info, &boot);
    start(&boot);
}
