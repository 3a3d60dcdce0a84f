/*
 * cpu_x86_64.h: the time stamp counter, the string instructions, and instructions of kernel mode.
 */
#ifndef CPU_X86_64_H
#define CPU_X86_64_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t cpu_ticks(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_copy_up(void *to, const void *from, size_t size) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static inline void cpu_copy_words(void *to, const void *from, size_t count) {
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static inline void cpu_copy_down(void *to, const void *from, size_t size) {
    char *last_to = (char *)to + size - 1;
    const char *last_from = (const char *)from + size - 1;
    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(last_to), "+S"(last_from), "+c"(size)
                     :
                     : "memory", "cc");
}

static inline void cpu_fill(void *to, int value, size_t size) {
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
}

/* (high * 2^64 + low) / divisor, where the quotient fits into 64 bits. */
static inline uint64_t cpu_divide(uint64_t high, uint64_t low, uint64_t divisor) {
    uint64_t quotient, remainder;
    __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(divisor) : "cc");
    return quotient;
}

/* For loops that wait for memory to change. */
static inline void cpu_relax(void) {
    __asm__ volatile("pause" : : : "memory");
}

/* For kernel mode: the thread pointer is the base of %fs. */
static inline void cpu_set_thread_pointer(uint64_t base) {
    const uint32_t fs_base_msr = 0xc0000100;
    __asm__ volatile("wrmsr"
                     :
                     : "c"(fs_base_msr), "a"((uint32_t)base), "d"((uint32_t)(base >> 32))
                     : "memory");
}

/* For kernel mode: waits forever. */
static inline void cpu_stop(void) {
    __asm__ volatile("cli; hlt");
}

#endif
