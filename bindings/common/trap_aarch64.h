/*
 * trap_aarch64.h: the names of aarch64's exceptions, and how one is described. For trap.c only.
 */
#ifndef TRAP_AARCH64_H
#define TRAP_AARCH64_H

#include "hvt_abi.h"
#include "text.h"

/* Classes of synchronous exceptions, as the syndrome (ESR_EL1, bits 26 to 31) numbers them. */
enum {
    UNKNOWN = 0x00,
    ILLEGAL_STATE = 0x0e,
    SUPERVISOR_CALL = 0x15,
    SYSTEM_REGISTER = 0x18,
    INSTRUCTION_ABORT = 0x21,
    PC_ALIGNMENT = 0x22,
    DATA_ABORT = 0x25,
    SP_ALIGNMENT = 0x26,
    FLOATING_POINT = 0x2c,
    BREAKPOINT = 0x3c
};

static const char *class_name(unsigned class) {
    switch (class) {
    case UNKNOWN:
        return "undefined-instruction";
    case ILLEGAL_STATE:
        return "illegal-state";
    case SUPERVISOR_CALL:
        return "supervisor-call";
    case SYSTEM_REGISTER:
        return "system-register";
    case INSTRUCTION_ABORT:
        return "instruction-abort";
    case PC_ALIGNMENT:
        return "pc-alignment";
    case DATA_ABORT:
        return "data-abort";
    case SP_ALIGNMENT:
        return "sp-alignment";
    case FLOATING_POINT:
        return "floating-point";
    case BREAKPOINT:
        return "breakpoint";
    default:
        return "synchronous";
    }
}

/*
 * Vectors come in fours: synchronous, IRQ, FIQ, system error. Only the first kind has a class.
 * Always inlined into its only caller, whatever its size.
 */
__attribute__((always_inline)) static inline void
trap_describe(struct text *text, unsigned vector, const struct hvt_trap_frame *frame) {
    static const char others[4][7] = {"", "irq", "fiq", "serror"};
    unsigned kind = vector % 4, class = frame->esr >> 26 & 0x3f;
    text_string(text, kind == 0 ? class_name(class) : others[kind]);
    trap_field(text, " esr=", frame->esr);
    trap_field(text, " pc=", frame->elr);
    trap_field(text, " sp=", frame->sp);
    trap_field(text, " pstate=", frame->spsr);
    if (kind == 0 && (class == INSTRUCTION_ABORT || class == PC_ALIGNMENT || class == DATA_ABORT))
        trap_field(text, "\nSolo5: trap: far=", frame->far);
}

#endif
