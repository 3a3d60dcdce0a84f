/*
 * memory_functions.c: the functions of string.h on bytes. Compilers emit calls of most of them,
 * even in freestanding code. The bindings always use these; the linker script offers them to
 * applications.
 */
#include <string.h>

#include "cpu.h"
#include "offer.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    cpu_copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    /* Copying upwards is right unless `to` lies in [from, from + size). */
    if ((uintptr_t)to - (uintptr_t)from >= size)
        cpu_copy_up(to, from, size);
    else
        cpu_copy_down(to, from, size);
    return to;
}

void *memset(void *to, int value, size_t size) {
    cpu_fill(to, value, size);
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *p = a, *q = b;
    for (size_t i = 0; i < size; i++) {
        if (p[i] != q[i])
            return p[i] - q[i];
    }
    return 0;
}

void *memchr(const void *bytes, int value, size_t size) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++) {
        if (p[i] == (unsigned char)value)
            return (void *)(p + i);
    }
    return NULL;
}

OFFER(memcpy)
OFFER(memmove)
OFFER(memset)
OFFER(memcmp)
OFFER(memchr)
