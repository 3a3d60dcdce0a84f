/*
 * start.c: the entry point of a sandboxed process. The tender sets up the stack as a call would.
 */
#include "spt.h"

#include "../common/bindings.h"
#include "elf_abi.h"

ABI1_NOTE_DECLARE(ABI_TARGET_SPT, SPT_ABI_VERSION)
NOT_OPENBSD_NOTE_DECLARE
INTERP_DECLARE

_Noreturn void platform_start(const struct spt_boot_info *info);

void platform_start(const struct spt_boot_info *info) {
    /* A tender that is written in C leaves its own thread pointer behind. */
    solo5_set_tls_base(0);
    clock_init(info->epollfd, info->timerfd);
    const struct boot boot = {
        .target = "spt",
        .cmdline = info->cmdline,
        .mft = info->mft,
        .mem_size = info->mem_size,
        .kernel_end = info->kernel_end,
    };
    start(&boot);
}
