/*
 * globals.c: what the linker has to lay out: data, zeroed data, read-only data, large alignments,
 * sections of the application's own, and constructors.
 */
#include "guest.h"

static volatile int data = 42;
static volatile int bss[2048];
static const volatile int rodata = 43;
static _Alignas(256) volatile int aligned = 44;

__attribute__((section("registry"), used)) static const int entries[] = {1, 2, 3};
__attribute__((section("counters"), used)) static volatile int counter = 9;
extern const int __start_registry[], __stop_registry[];

static int constructed;

__attribute__((constructor(101))) static void construct_first(void) {
    constructed = 1;
}

__attribute__((constructor)) static void construct_second(void) {
    constructed *= 5;
}

/* The application calls its constructors itself: the bindings do nothing for any language. */
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

int solo5_app_main(const struct solo5_start_info *info) {
    if (data != 42 || rodata != 43 || aligned != 44)
        return fail("initial values");
    if ((uintptr_t)&aligned % 256 != 0)
        return fail("alignment");
    if (bss[0] != 0 || bss[2047] != 0)
        return fail("zeroed data");
    if (info->heap_start < (uintptr_t)&bss[2048] || info->heap_start % 4096 != 0)
        return fail("heap start");
    if (__stop_registry - __start_registry != 3 || __start_registry[2] != entries[2])
        return fail("own section");
    if (counter++ != 9 || counter != 10)
        return fail("own writable section");
    for (void (*const *call)(void) = __init_array_start; call < __init_array_end; call++)
        (*call)();
    if (constructed != 5)
        return fail("constructors");
    return succeed();
}
