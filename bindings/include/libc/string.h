/*
 * string.h: declares the functions of the standard header that the bindings provide. The compiler
 * looks here last: a program with its own C library gets the header and functions of that library.
 */
#ifndef SOLO5_LIBC_STRING_H
#define SOLO5_LIBC_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define SOLO5_RESTRICT __restrict__
#else
#define SOLO5_RESTRICT restrict
#endif

/* ---- Bytes ---- */

void *memcpy(void *SOLO5_RESTRICT to, const void *SOLO5_RESTRICT from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *bytes, int value, size_t size);

/* ---- Strings ---- */

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);

#undef SOLO5_RESTRICT

#ifdef __cplusplus
}
#endif

#endif
