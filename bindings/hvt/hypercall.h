/*
 * hypercall.h: asks the tender. Guest memory ends at 4 GiB, so an address fits into 32 bits.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "hvt_abi.h"

static inline void hypercall(enum hvt_hypercall number, void *block) {
    __asm__ volatile("outl %0, %1"
                     :
                     : "a"((uint32_t)(uintptr_t)block),
                       "Nd"((uint16_t)(HVT_HYPERCALL_PIO_BASE + number))
                     : "memory");
}

#endif
