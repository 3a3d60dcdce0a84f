/*
 * cpu_aarch64.h: the counter, copying and filling memory, division, the thread pointer, stopping.
 */
#ifndef CPU_AARCH64_H
#define CPU_AARCH64_H

#include <stddef.h>
#include <stdint.h>

/* The barrier keeps the CPU from reading its counter before earlier instructions are done. */
static inline uint64_t cpu_ticks(void) {
    uint64_t ticks;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

/*
 * These copy or fill two words at a time, then the remaining bytes. They are in assembly because
 * compilers turn such loops in C into calls of memcpy and memset, which are built on these.
 */
static inline void cpu_copy_up(void *to, const void *from, size_t size) {
    uint64_t low, high;
    for (; size >= 16; size -= 16)
        __asm__ volatile("ldp %0, %1, [%3], 16; stp %0, %1, [%2], 16"
                         : "=&r"(low), "=&r"(high), "+r"(to), "+r"(from)
                         :
                         : "memory");
    for (; size > 0; size--)
        __asm__ volatile("ldrb %w0, [%2], 1; strb %w0, [%1], 1"
                         : "=&r"(low), "+r"(to), "+r"(from)
                         :
                         : "memory");
}

static inline void cpu_copy_words(void *to, const void *from, size_t count) {
    cpu_copy_up(to, from, count * sizeof(uint64_t));
}

static inline void cpu_copy_down(void *to, const void *from, size_t size) {
    uint64_t low, high;
    char *end_to = (char *)to + size;
    const char *end_from = (const char *)from + size;
    for (; size >= 16; size -= 16)
        __asm__ volatile("ldp %0, %1, [%3, -16]!; stp %0, %1, [%2, -16]!"
                         : "=&r"(low), "=&r"(high), "+r"(end_to), "+r"(end_from)
                         :
                         : "memory");
    for (; size > 0; size--)
        __asm__ volatile("ldrb %w0, [%2, -1]!; strb %w0, [%1, -1]!"
                         : "=&r"(low), "+r"(end_to), "+r"(end_from)
                         :
                         : "memory");
}

static inline void cpu_fill(void *to, int value, size_t size) {
    uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
    for (; size >= 16; size -= 16)
        __asm__ volatile("stp %1, %1, [%0], 16" : "+r"(to) : "r"(word) : "memory");
    for (; size > 0; size--)
        __asm__ volatile("strb %w1, [%0], 1" : "+r"(to) : "r"(word) : "memory");
}

/* (high * 2^64 + low) / divisor, where the quotient fits into 64 bits and the divisor into 63. */
static inline uint64_t cpu_divide(uint64_t high, uint64_t low, uint64_t divisor) {
    uint64_t quotient = 0;
    for (int bit = 0; bit < 64; bit++) {
        high = high << 1 | low >> 63;
        low <<= 1;
        quotient <<= 1;
        if (high >= divisor) {
            high -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

static inline void cpu_set_thread_pointer(uint64_t base) {
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(base) : "memory");
}

/* For loops that wait for memory to change. */
static inline void cpu_relax(void) {
    __asm__ volatile("yield" : : : "memory");
}

/* For kernel mode: waits forever. */
static inline void cpu_stop(void) {
    __asm__ volatile("wfi");
}

#endif
