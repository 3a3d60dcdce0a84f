/*
 * exec_heap.c: calls into the heap, which a tender allows only if an option says so.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    volatile uint8_t *code = (volatile uint8_t *)info->heap_start;
    *code = 0xc3; /* ret */
    void (*volatile call)(void) = (void (*)(void))info->heap_start;
    print("calling\n");
    call();
    return succeed();
}
