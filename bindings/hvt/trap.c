/*
 * trap.c: reports a CPU trap and ends the unikernel with the trap's frame as the cookie.
 */
#include "hvt.h"

#include "../common/bindings.h"
#include "../common/text.h"

#define PAGE_FAULT 14

_Noreturn void trap_handle(unsigned vector, const struct hvt_trap_frame *frame);

static const char names[32][4] = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9",  "#TS",
    "#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    "#22", "#23", "#24", "#25", "#26", "#27", "#HV", "#VC", "#SX", "#31",
};

static void field(struct text *text, const char *name, uint64_t value) {
    text_string(text, name);
    text_hex(text, value);
}

/* Called by the stubs of tables_x86_64.S, on the traps' own stack. */
void trap_handle(unsigned vector, const struct hvt_trap_frame *frame) {
    /* A trap in here would start over on the same stack: say nothing more. */
    static bool trapped;
    if (trapped)
        halt(SOLO5_EXIT_ABORT, NULL);
    trapped = true;

    char buffer[256];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "Solo5: trap: type=");
    text_string(&text, names[vector]);
    field(&text, " ec=", frame->ec);
    field(&text, " rip=", frame->rip);
    field(&text, " rsp=", frame->rsp);
    field(&text, " rflags=", frame->rflags);
    if (vector == PAGE_FAULT)
        field(&text, "\nSolo5: trap: cr2=", frame->cr2);
    text_string(&text, "\nSolo5: ABORT: Fatal trap\n");
    text_print(&text);
    halt(SOLO5_EXIT_ABORT, frame);
}
