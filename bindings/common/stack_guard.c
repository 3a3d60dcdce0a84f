/*
 * stack_guard.c: the two symbols that -fstack-protector relies on.
 */
#include "bindings.h"
#include "cpu.h"
#include "program.h"

uintptr_t __stack_chk_guard;

void __stack_chk_fail(void);

void stack_guard_init(void) {
    /*
     * A determined observer can guess it, but it differs in every run. The counter's low bits,
     * which vary most, are spread over the word. The lowest byte is zero, so that no string can
     * contain it.
     */
    uint64_t mixed = cpu_ticks() * 0x9e3779b97f4a7c15u;
    __stack_chk_guard = (mixed ^ mixed >> 29) & ~(uintptr_t)0xff;
    if (program.application.stack_guard != 0)
        *(uintptr_t *)program.application.stack_guard = __stack_chk_guard;
}

void stack_guard_resume(void) {
    /* What is on the stack remembers the application's guard. */
    if (program.application.stack_guard != 0)
        __stack_chk_guard = *(const uintptr_t *)program.application.stack_guard;
}

void __stack_chk_fail(void) {
    fatal("Stack corruption detected");
}
