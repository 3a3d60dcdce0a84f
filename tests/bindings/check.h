/*
 * check.h: what the tests of the bindings in C have in common.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with status 1, and says where and why, unless something holds. */
#define CHECK(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            printf("line %d: %s\n", __LINE__, #holds);                                             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif
