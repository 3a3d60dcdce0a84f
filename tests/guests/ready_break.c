/*
 * ready_break.c: does what no unikernel may, after it is ready: writes to its code ("text") or its
 * constants ("rodata"), or executes data, its heap or its stack, which held code before.
 */
#include "guest.h"
#include "soloden.h"

static const uint8_t constant = 1;
static volatile uint8_t data[] = {0xc3}; /* ret */

static void write(const volatile void *address) {
    *(volatile uint8_t *)(uintptr_t)address = 0xc3;
}

static void execute(const volatile void *address) {
    void (*volatile call)(void) = (void (*)(void))(uintptr_t)address;
    call();
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    volatile uint8_t *heap = (volatile uint8_t *)info.heap_start;
    volatile uint8_t stack[] = {0xc3};
    *heap = 0xc3;
    soloden_ready(&info);
    switch (info.cmdline[0]) {
    case 't':
        write((void *)(uintptr_t)solo5_app_main);
        break;
    case 'r':
        write(&constant);
        break;
    case 'd':
        execute(data);
        break;
    case 'h':
        execute(heap);
        break;
    case 's':
        execute(stack);
        break;
    }
    return fail("nothing stopped it");
}
