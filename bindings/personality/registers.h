/*
 * registers.h: the program's registers, as entry.S lays them out.
 */
#ifndef PERSONALITY_REGISTERS_H
#define PERSONALITY_REGISTERS_H

#include "base.h"

/* The program's registers at a system call; entry.S lays them out. */
struct registers {
    uint64_t rax, rdi, rsi, rdx, r8, r9, r10;
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rsp; /* Where the trampoline's return address is. */
};

/* All registers to go on with; entry.S lays them out. */
struct resumption {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags;
};

_Noreturn void personality_enter(uintptr_t entry, uintptr_t stack);
_Noreturn void personality_resume(const struct resumption *resumption);

#endif
