/*
 * string_functions.c: the functions of string.h on strings. The linker script offers them to
 * applications.
 */
#include <stdint.h>
#include <string.h>

#include "offer.h"

size_t strlen(const char *string) {
    size_t length = 0;
    while (string[length] != '\0')
        length++;
    return length;
}

size_t strnlen(const char *string, size_t max) {
    size_t length = 0;
    while (length < max && string[length] != '\0')
        length++;
    return length;
}

int strncmp(const char *a, const char *b, size_t max) {
    for (size_t i = 0; i < max; i++) {
        unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
        if (x != y || x == '\0')
            return x - y;
    }
    return 0;
}

int strcmp(const char *a, const char *b) {
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *string, int character) {
    for (;; string++) {
        if (*string == (char)character)
            return (char *)string;
        if (*string == '\0')
            return NULL;
    }
}

char *strrchr(const char *string, int character) {
    const char *last = NULL;
    for (;; string++) {
        if (*string == (char)character)
            last = string;
        if (*string == '\0')
            return (char *)last;
    }
}

OFFER(strlen)
OFFER(strnlen)
OFFER(strcmp)
OFFER(strncmp)
OFFER(strchr)
OFFER(strrchr)
