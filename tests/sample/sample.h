/*
 * sample.h: the functions that the sample's languages offer one another.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* counter.cc: how many objects its constructors have made. */
int counter_value(void);

/* sum.S */
uint64_t sum(const uint64_t *numbers, size_t count);

/* words.c, in a library */
size_t count_words(const char *text);

#ifdef __cplusplus
}
#endif

#endif
