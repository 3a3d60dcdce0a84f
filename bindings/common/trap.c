/*
 * trap.c: reports a CPU trap, for targets that run in kernel mode. The trap then ends the
 * unikernel.
 */
#include "bindings.h"
#include "hvt_abi.h"
#include "text.h"

static void trap_field(struct text *text, const char *name, uint64_t value) {
    text_string(text, name);
    text_hex(text, value);
}

#if defined(__x86_64__)
#include "trap_x86_64.h"
#elif defined(__aarch64__)
#include "trap_aarch64.h"
#else
#error "bindings: no support for this architecture"
#endif

void trap_report(unsigned vector, const struct hvt_trap_frame *frame);

/* Called by the first instructions of every trap, on the traps' own stack. */
void trap_report(unsigned vector, const struct hvt_trap_frame *frame) {
    /* A trap in this function calls it again, on the same stack. Print nothing then. */
    static bool trapped;
    if (trapped)
        platform_exit(SOLO5_EXIT_ABORT);
    trapped = true;

    char buffer[256];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "Solo5: trap: type=");
    trap_describe(&text, vector, frame);
    text_string(&text, "\nSolo5: ABORT: Fatal trap\n");
    text_print(&text);
}
