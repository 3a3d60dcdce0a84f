/*
 * hypercall.h: calls the tender. Guest memory ends at 4 GiB, so an address fits into 32 bits.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#if defined(__x86_64__)
#include "hypercall_x86_64.h"
#elif defined(__aarch64__)
#include "hypercall_aarch64.h"
#else
#error "bindings: no support for this architecture"
#endif

#endif
