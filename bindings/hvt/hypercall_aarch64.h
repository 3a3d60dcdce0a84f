/*
 * hypercall_aarch64.h: a hypercall is a store to an address that stands for its number. There is no
 * memory at these addresses.
 */
#ifndef HYPERCALL_AARCH64_H
#define HYPERCALL_AARCH64_H

#include "hvt_abi.h"

/* A store without writeback: the CPU gives a hypervisor no syndrome for one with it. */
static inline void hypercall(enum hvt_hypercall number, void *block) {
    __asm__ volatile("str %w[block], [%[call]]"
                     :
                     : [block] "r"(block), [call] "r"(HVT_HYPERCALL_ADDRESS(number))
                     : "memory");
}

/* Tells the tender that there are requests in the network ring. */
static inline void ring_kick(void) {
    __asm__ volatile("str wzr, [%[ring]]" : : [ring] "r"(HVT_RING_MMIO) : "memory");
}

#endif
