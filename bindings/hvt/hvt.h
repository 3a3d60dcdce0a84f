/*
 * hvt.h: declarations that the files of the hvt bindings share.
 */
#ifndef HVT_H
#define HVT_H

#include "hvt_abi.h"

/* Loads the bindings' own CPU tables, so that traps are reported. */
void cpu_init(void);

/* Starts monotonic time; `frequency` is the CPU counter's, in Hz. */
void clock_init(uint64_t frequency);

/* Ends the unikernel; `cookie` describes a trap, or is NULL. */
_Noreturn void halt(int status, const struct hvt_trap_frame *cookie);

#endif
