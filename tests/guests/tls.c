/*
 * tls.c: thread-local variables, initialised, zero and with a large alignment, in two blocks that
 * are used alternately, in memory that was used before; and blocks at any address, none of which is
 * larger than solo5_tls_size() says.
 */
#include "guest.h"

static _Thread_local int initialised = 41;
static _Thread_local int zero;
static _Thread_local _Alignas(64) uint64_t aligned = 7;

#define DIRT 0xa5

static uint8_t blocks[2][512];
static uint8_t room[1024];

static void soil(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = DIRT;
}

/* Whether a block that begins at `room[at]` leaves alone what lies around it. */
static bool stays_inside(size_t at) {
    soil(room, sizeof room);
    solo5_tls_init((uintptr_t)&room[at]);
    for (size_t i = 0; i < sizeof room; i++) {
        if ((i < at || i >= at + solo5_tls_size()) && room[i] != DIRT)
            return false;
    }
    return true;
}

static void use(int block) {
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)blocks[block]));
}

/*
 * Volatile, so that no register keeps a value when the block changes; not inlined, because a
 * compiler may assume that the thread pointer is the same throughout a function.
 */
__attribute__((noinline)) static int bump(void) {
    volatile int *a = &initialised, *b = &zero;
    *b += 1;
    return *a += 1;
}

__attribute__((noinline)) static int zero_now(void) {
    return *(volatile int *)&zero;
}

__attribute__((noinline)) static bool is_aligned(void) {
    return aligned == 7 && (uintptr_t)&aligned % 64 == 0;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    if (solo5_tls_size() > sizeof blocks[0])
        return fail("block too large");
    for (size_t at = 0; at < 64; at++) {
        if (!stays_inside(at))
            return fail("a block larger than its size");
    }
    for (int i = 0; i < 2; i++) {
        soil(blocks[i], sizeof blocks[i]);
        if (solo5_tls_init((uintptr_t)blocks[i]) != SOLO5_R_OK)
            return fail("init");
    }

    use(0);
    if (bump() != 42 || bump() != 43)
        return fail("first block");
    use(1);
    if (bump() != 42 || !is_aligned())
        return fail("second block");
    use(0);
    if (bump() != 44 || zero_now() != 3)
        return fail("first block again");

#if defined(__x86_64__)
    uintptr_t base;
    __asm__ volatile("movq %%fs:0, %0" : "=r"(base));
    if (base != solo5_tls_tp_offset((uintptr_t)blocks[0]))
        return fail("the word at the thread pointer");
#endif
    return succeed();
}
