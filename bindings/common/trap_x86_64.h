/*
 * trap_x86_64.h: the names of x86_64's traps, and how one is described. For trap.c only.
 */
#ifndef TRAP_X86_64_H
#define TRAP_X86_64_H

#include "hvt_abi.h"
#include "text.h"

#define PAGE_FAULT 14

static const char names[32][4] = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9",  "#TS",
    "#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    "#22", "#23", "#24", "#25", "#26", "#27", "#HV", "#VC", "#SX", "#31",
};

/* Always inlined into its only caller, whatever its size. */
__attribute__((always_inline)) static inline void
trap_describe(struct text *text, unsigned vector, const struct hvt_trap_frame *frame) {
    text_string(text, names[vector]);
    trap_field(text, " ec=", frame->ec);
    trap_field(text, " rip=", frame->rip);
    trap_field(text, " rsp=", frame->rsp);
    trap_field(text, " rflags=", frame->rflags);
    if (vector == PAGE_FAULT)
        trap_field(text, "\nSolo5: trap: cr2=", frame->cr2);
}

#endif
