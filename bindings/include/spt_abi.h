/*
 * spt_abi.h: the contract between a unikernel and the spt tender (a sandboxed process), ABI 2.
 */
#ifndef SOLO5_SPT_ABI_H
#define SOLO5_SPT_ABI_H

#include <stdint.h>

#include "mft_abi.h"

#define SPT_ABI_VERSION    2
#define SPT_GUEST_MIN_BASE 0x100000

/* Boot info. The entry point gets its address. */
struct spt_boot_info {
    uint64_t mem_size;   /* End of guest memory. */
    uint64_t kernel_end; /* End of the image. */
    const char *cmdline;
    const struct mft *mft;
    int32_t epollfd; /* Watches the timer and every network device. */
    int32_t timerfd; /* CLOCK_MONOTONIC, non-blocking. */
};

/* `data` of the timer's event in the epoll set; that of a device's event is its handle. */
#define SPT_INTERNAL_TIMERFD 0xfffffffe

#endif
