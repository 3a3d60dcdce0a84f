/*
 * steps.c: prints a line in each of 24 rounds, computed from all that a guest has: its data, heap and
 * stack, vector and x87 registers, thread pointer. Now and then it waits a moment.
 */
#include "guest.h"

#define ROUNDS      24
#define STRIDE      8192
#define MILLISECOND UINT64_C(1000000)

static uint64_t in_data = 7;
static uintptr_t thread;

static uintptr_t thread_pointer(void) {
    uintptr_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static void print_number(uint64_t number) {
    char text[21];
    char *at = text + sizeof text - 1;
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    print(at);
    print(" ");
}

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t *heap = (uint64_t *)info->heap_start;
    thread = (uintptr_t)&thread;
    solo5_set_tls_base((uintptr_t)&thread);
    register double vector __asm__("xmm7") = 1.0;
    long double x87 = 1.0L;
    uint64_t on_stack = 1;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        in_data = in_data * 31 + round;
        heap[round * STRIDE / sizeof *heap] = in_data;
        on_stack += heap[round / 2 * STRIDE / sizeof *heap] >> 7;
        vector = vector * 1.5 + 1;
        __asm__ volatile("" : "+x"(vector));
        x87 = x87 * 1.25L + 1;
        print_number(in_data);
        print_number(on_stack);
        print_number((uint64_t)vector);
        print_number((uint64_t)x87);
        if (thread_pointer() != thread)
            return fail("thread pointer");
        print("\n");
        if (round % 8 == 7)
            solo5_yield(solo5_clock_monotonic() + 2 * MILLISECOND, NULL);
    }
    return succeed();
}
