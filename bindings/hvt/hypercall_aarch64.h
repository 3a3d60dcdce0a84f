/*
 * hypercall_aarch64.h: a hypercall is a store to an address that has its number and no memory.
 */
#ifndef HYPERCALL_AARCH64_H
#define HYPERCALL_AARCH64_H

#include "hvt_abi.h"

/* A plain store: of one with writeback, the CPU gives a hypervisor no syndrome. */
static inline void hypercall(enum hvt_hypercall number, void *block) {
    __asm__ volatile("str %w[block], [%[call]]"
                     :
                     : [block] "r"(block), [call] "r"(HVT_HYPERCALL_ADDRESS(number))
                     : "memory");
}

#endif
