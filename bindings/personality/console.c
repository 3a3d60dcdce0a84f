/*
 * console.c: what is written, and what the personality says itself.
 */
#include "personality.h"

/* An empty write would cost a call of the host's, and can mean something to it. */
void console_write(const void *bytes, size_t size) {
    if (size > 0)
        solo5_console_write(bytes, size);
}

void console_say(const char *line) {
    console_write("soloden: ", 9);
    console_write(line, strlen(line));
    console_write("\n", 1);
}

static char *put_hex(char *out, uint64_t value) {
    static const char digits[] = "0123456789abcdef";
    *out++ = '0';
    *out++ = 'x';
    int shift = 60;
    while (shift > 0 && (value >> shift) == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *out++ = digits[(value >> shift) & 15];
    return out;
}

static char *put_decimal(char *out, long value) {
    char digits[20];
    int length = 0;
    if (value < 0)
        *out++ = '-';
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[length++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (length > 0)
        *out++ = digits[--length];
    return out;
}

/* One line: the call's number, its arguments, and its result. */
void console_trace(const struct registers *registers, long result) {
    const uint64_t arguments[] = {registers->rdi, registers->rsi, registers->rdx,
                                  registers->r10, registers->r8,  registers->r9};
    char line[160];
    memcpy(line, "syscall ", 8);
    char *out = put_decimal(line + 8, (long)registers->rax);
    for (int number = 0; number < 6; number++) {
        *out++ = number == 0 ? '(' : ',';
        out = put_hex(out, arguments[number]);
    }
    memcpy(out, ") = ", 4);
    out += 4;
    out = result < 0 && result > -4096 ? put_decimal(out, result) : put_hex(out, (uint64_t)result);
    *out++ = '\n';
    console_write(line, (size_t)(out - line));
}
