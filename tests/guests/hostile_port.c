/*
 * hostile_port.c: for hvt, uses ports in other ways than a hypercall does: b writes 8 bits, w 16, i
 * reads 32, s writes a string of four; then the port.
 */
#include "hostile.h"

int solo5_app_main(const struct solo5_start_info *info) {
    static const uint32_t values[4];
    const char *words = info->cmdline;
    const char how = *words++;
    const uint16_t port = (uint16_t)number(&words);
    const void *source = values;
    uint64_t count = 4;
    uint32_t value = 0;
    print("calling\n");
    switch (how) {
    case 'b':
        __asm__ volatile("outb %b0, %1" : : "a"(0), "d"(port));
        break;
    case 'w':
        __asm__ volatile("outw %w0, %1" : : "a"(0), "d"(port));
        break;
    case 'i':
        __asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
        break;
    default:
        __asm__ volatile("rep outsl" : "+S"(source), "+c"(count) : "d"(port) : "memory");
        break;
    }
    return fail("the port can be used");
}
