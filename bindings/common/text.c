/*
 * text.c: see text.h.
 */
#include "text.h"

#include "bindings.h"

static void text_char(struct text *text, char c) {
    if (text->used < text->size)
        text->data[text->used++] = c;
}

static void text_number(struct text *text, uint64_t value, unsigned base) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count > 0)
        text_char(text, digits[--count]);
}

void text_string(struct text *text, const char *string) {
    while (*string != '\0')
        text_char(text, *string++);
}

void text_decimal(struct text *text, int64_t value) {
    if (value < 0)
        text_char(text, '-');
    text_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

void text_hex(struct text *text, uint64_t value) {
    text_string(text, "0x");
    text_number(text, value, 16);
}

void text_print(const struct text *text) {
    platform_puts(text->data, text->used);
}
