/*
 * cpu.h: operations that C cannot express, in one file for each architecture.
 */
#ifndef CPU_H
#define CPU_H

#if defined(__x86_64__)
#include "cpu_x86_64.h"
#elif defined(__aarch64__)
#include "cpu_aarch64.h"
#else
#error "bindings: no support for this architecture"
#endif

#endif
