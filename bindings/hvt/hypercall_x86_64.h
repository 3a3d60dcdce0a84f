/*
 * hypercall_x86_64.h: a hypercall is an `out` to the port that stands for its number.
 */
#ifndef HYPERCALL_X86_64_H
#define HYPERCALL_X86_64_H

#include "hvt_abi.h"

static inline void hypercall(enum hvt_hypercall number, void *block) {
    __asm__ volatile("outl %0, %1"
                     :
                     : "a"((uint32_t)(uintptr_t)block),
                       "Nd"((uint16_t)(HVT_HYPERCALL_PIO_BASE + number))
                     : "memory");
}

/* Tells the tender that there are requests in the network ring. */
static inline void ring_kick(void) {
    __asm__ volatile("outl %0, %1" : : "a"(0), "Nd"((uint16_t)HVT_RING_PIO) : "memory");
}

#endif
