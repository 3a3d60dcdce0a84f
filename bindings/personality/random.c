/*
 * random.c: random bytes, from the processor.
 */
#include "random.h"

#include "pages.h"

static bool has_rdrand(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ecx >> 30 & 1;
}

/* As often as the processor's manual says before it is given up. */
#define TRIES 10

static bool draw(uint64_t *value) {
    for (int left = TRIES; left > 0; left--) {
        uint8_t done;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(done) : : "cc");
        if (done)
            return true;
    }
    return false;
}

bool random_fill(void *buffer, size_t size) {
    if (!has_rdrand())
        return false;
    for (char *out = buffer; size > 0;) {
        uint64_t value;
        if (!draw(&value))
            return false;
        size_t part = size < sizeof value ? size : sizeof value;
        memcpy(out, &value, part);
        out += part;
        size -= part;
    }
    return true;
}

long call_getrandom(uintptr_t buffer, size_t size, long flags) {
    if (flags & ~7)
        return -EINVAL;
    if (size > RW_MAX)
        size = RW_MAX;
    if (!memory_writable(buffer, size))
        return -EFAULT;
    return random_fill((void *)buffer, size) ? (long)size : -ENOSYS;
}
