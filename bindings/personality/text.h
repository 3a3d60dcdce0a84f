/*
 * text.h: writes text. Each function returns where the text goes on, and ends it with no NUL.
 */
#ifndef PERSONALITY_TEXT_H
#define PERSONALITY_TEXT_H

#include "base.h"

char *text_put(char *out, const char *text);
/* At least so many digits. */
char *text_hex(char *out, uint64_t value, int digits);
char *text_decimal(char *out, long value);

#endif
