/*
 * text.c: writes text.
 */
#include "text.h"

char *text_put(char *out, const char *text) {
    size_t length = strlen(text);
    memcpy(out, text, length);
    return out + length;
}

char *text_hex(char *out, uint64_t value, int digits) {
    while (digits < 16 && value >> 4 * digits != 0)
        digits++;
    while (digits-- > 0)
        *out++ = "0123456789abcdef"[value >> 4 * digits & 15];
    return out;
}

char *text_decimal(char *out, long value) {
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
