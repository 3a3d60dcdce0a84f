/*
 * hostile.h: what hostile guests share: a reader of the numbers on their command line.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "guest.h"

/* Reads a number, decimal or 0x…, perhaps negative, and moves the text past it; 0 at the end. */
static inline uint64_t number(const char **text) {
    const char *at = *text;
    uint64_t value = 0;
    while (*at == ' ')
        at++;
    bool negative = *at == '-';
    if (negative)
        at++;
    unsigned base = 10;
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    for (; *at != '\0' && *at != ' '; at++)
        value = value * base + (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    *text = at;
    return negative ? -value : value;
}

#endif
