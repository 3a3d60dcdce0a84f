/*
 * cpu_x86_64.h: the time stamp counter and the string instructions.
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

#endif
