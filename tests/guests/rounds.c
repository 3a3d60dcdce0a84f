/*
 * rounds.c: uses a bit of all that a guest has, round by round, and checks that the round before
 * left it as it was: memory, stack, thread-local variables, vector registers, a disk, both clocks.
 * So a run that is captured anywhere and goes on elsewhere prints the same as one that is left
 * alone.
 */
#include "guest.h"

#define ROUNDS      3
#define BLOCK_SIZE  512
#define MILLISECOND UINT64_C(1000000)

/* What FXSAVE stores: control words, then the registers. */
#define MXCSR       24
#define VECTORS     160
#define VECTORS_END 416

static uint8_t tls_block[256];
static _Thread_local volatile uint64_t in_thread = 1;
static volatile uint64_t in_data = 2;
static uint8_t sector[BLOCK_SIZE];
static _Alignas(16) uint8_t vectors[512], found[512];

/* Puts other values into the vector registers in each round. */
static void load_vectors(int round) {
#if defined(__x86_64__)
    vectors[0] = 0x7f, vectors[1] = 0x03; /* the x87 unit's control word */
    vectors[MXCSR] = 0x80, vectors[MXCSR + 1] = 0x1f | (uint8_t)((round & 3) << 5);
    for (int i = VECTORS; i < VECTORS_END; i++)
        ((volatile uint8_t *)vectors)[i] = (uint8_t)(i * 7 + round);
    __asm__ volatile("fxrstor %0" ::"m"(vectors));
#else
    (void)round;
#endif
}

static bool vectors_are_kept(void) {
#if defined(__x86_64__)
    __asm__ volatile("fxsave %0" : "=m"(found));
    for (int i = MXCSR; i < MXCSR + 4; i++) {
        if (((volatile uint8_t *)found)[i] != vectors[i])
            return false;
    }
    for (int i = VECTORS; i < VECTORS_END; i++) {
        if (((volatile uint8_t *)found)[i] != vectors[i])
            return false;
    }
#endif
    return true;
}

static bool block_holds(solo5_handle_t disk, uint64_t block, uint8_t value) {
    if (solo5_block_read(disk, block * BLOCK_SIZE, sector, BLOCK_SIZE) != SOLO5_R_OK)
        return false;
    for (int i = 0; i < BLOCK_SIZE; i++) {
        if (((volatile uint8_t *)sector)[i] != value)
            return false;
    }
    return true;
}

static bool write_block(solo5_handle_t disk, uint64_t block, uint8_t value) {
    for (int i = 0; i < BLOCK_SIZE; i++)
        ((volatile uint8_t *)sector)[i] = value;
    return solo5_block_write(disk, block * BLOCK_SIZE, sector, BLOCK_SIZE) == SOLO5_R_OK;
}

static void print_number(uint64_t number) {
    char digits[21];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    solo5_console_write(&digits[at], sizeof digits - at);
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t disk;
    struct solo5_block_info device;
    volatile uint64_t on_stack = 3;
    if (solo5_block_acquire("storage", &disk, &device) != SOLO5_R_OK ||
        device.block_size != BLOCK_SIZE || device.capacity < ROUNDS * BLOCK_SIZE)
        return fail("acquire");
    if (solo5_tls_size() > sizeof tls_block || solo5_tls_init((uintptr_t)tls_block) != SOLO5_R_OK ||
        solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)tls_block)) != SOLO5_R_OK)
        return fail("thread-local storage");
    solo5_time_t wall = solo5_clock_wall(), monotonic = solo5_clock_monotonic();
    for (int round = 0; round < ROUNDS; round++) {
        load_vectors(round);
        solo5_time_t deadline = solo5_clock_monotonic() + MILLISECOND;
        solo5_yield(deadline, NULL);
        if (solo5_clock_monotonic() < deadline)
            return fail("the wait was cut short");
        if (round > 0 && !block_holds(disk, (uint64_t)round - 1, (uint8_t)(10 + round - 1)))
            return fail("the block of the round before");
        if (!write_block(disk, (uint64_t)round, (uint8_t)(10 + round)))
            return fail("write");
        in_thread = in_thread * 3 + 1;
        in_data = in_data * 5 + in_thread;
        on_stack = on_stack * 7 + in_data;
        print_number(on_stack);
        print("\n");
        if (solo5_clock_wall() < wall || solo5_clock_monotonic() < monotonic)
            return fail("a clock went back");
        wall = solo5_clock_wall();
        monotonic = solo5_clock_monotonic();
        if (!vectors_are_kept())
            return fail("vector registers");
    }
    return succeed();
}
