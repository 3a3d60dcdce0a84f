/*
 * ready.c: initialises memory, thread-local variables and the modes of floating point, and then says
 * that it is ready. Prints what it finds afterwards, which must be the same in a run without a
 * snapshot, but for the command line.
 */
#include "guest.h"
#include "soloden.h"

#define WORDS (3 * 0x1000 / sizeof(uint64_t))

static uint64_t table[WORDS];
static unsigned starts;
/* Initial values of whole pages: one is left alone, the other becomes zeros. */
static volatile uint8_t kept[3 * 0x1000] = {[0x1800] = 5};
static volatile uint8_t cleared[3 * 0x1000] = {[0x1800] = 6};
static _Thread_local uint64_t local = 7;
static uint64_t block[64];

#if defined(__x86_64__)
#define MODE_SIZE 512
typedef struct {
    uint8_t bytes[MODE_SIZE];
} __attribute__((aligned(16))) modes;

/* KVM does not emulate the instructions for these alone everywhere. */
static uint64_t get_modes(void) {
    modes saved;
    __asm__ volatile("fxsave %0" : "=m"(saved));
    return *(uint16_t *)saved.bytes | (uint64_t) * (uint32_t *)(saved.bytes + 24) << 32;
}

/* Rounds towards zero. */
static void set_modes(void) {
    modes saved;
    __asm__ volatile("fxsave %0" : "=m"(saved));
    *(uint16_t *)saved.bytes |= 0x0c00;
    *(uint32_t *)(saved.bytes + 24) |= 0x6000;
    __asm__ volatile("fxrstor %0" : : "m"(saved));
}
#else
static uint64_t get_modes(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

static void set_modes(void) {
    __asm__ volatile("msr fpcr, %0" : : "r"(UINT64_C(3) << 22));
}
#endif

static uint64_t sum(const uint64_t *words, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total = total * 31 + words[i];
    return total;
}

static void print_decimal(uint64_t value) {
    if (value >= 10)
        print_decimal(value / 10);
    solo5_console_write(&"0123456789"[value % 10], 1);
}

static void print_number(const char *name, uint64_t value) {
    print(name);
    print(" ");
    print_decimal(value);
    print("\n");
}

/* Not inlined: a compiler may assume that the thread pointer is the same throughout a function. */
__attribute__((noinline)) static uint64_t next_local(void) {
    return ++local;
}

static void initialise(uint64_t *heap) {
    for (size_t i = 0; i < WORDS; i++)
        table[i] = heap[i] = i * i + 1;
    solo5_tls_init((uintptr_t)block);
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)block));
    next_local();
    cleared[0x1800] = 0;
    set_modes();
}

static int report(const struct solo5_start_info *info, const uint64_t *heap, uint64_t then) {
    print("args '");
    print(info->cmdline);
    print("'\n");
    print_number("table", sum(table, WORDS));
    print_number("heap", sum(heap, WORDS));
    print_number("kept", kept[0x1800]);
    print_number("cleared", cleared[0x1800]);
    print_number("start", ++starts);
    print_number("local", next_local());
    print_number("modes", get_modes());
    print_number("heap", info->heap_start + info->heap_size - (uintptr_t)heap > sizeof table);
    solo5_time_t now = solo5_clock_monotonic();
    print_number("time goes on", now >= then && now - then < UINT64_C(10000000000));
    solo5_yield(now + 1000000, NULL);
    print_number("waited", solo5_clock_monotonic() - now >= 1000000);
    return 0;
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    uint64_t *heap = (uint64_t *)(info.heap_start + info.heap_size / 2 / 4096 * 4096);
    initialise(heap);
    uint64_t then = solo5_clock_monotonic();
    solo5_console_write("", 0);
    soloden_ready(&info);
    report(&info, heap, then);
    soloden_ready(&info);
    print("once more, args '");
    print(info.cmdline);
    print("'\n");
    print_number("start", starts);
    return given->heap_size == info.heap_size ? 0 : 1;
}
