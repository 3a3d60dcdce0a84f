/*
 * text.h: builds a text in memory, to print it with one write: every write to the console is a
 * system call or an exit from the virtual machine.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A buffer of `size` bytes, of which `used` are filled. What does not fit is left out. */
struct text {
    char *data;
    size_t size;
    size_t used;
};

void text_string(struct text *text, const char *string);
void text_decimal(struct text *text, int64_t value);
void text_hex(struct text *text, uint64_t value);
void text_print(const struct text *text);

#endif
