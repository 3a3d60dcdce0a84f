/*
 * words.c: a library of one function, which the linker takes because main.c calls it.
 */
#include <stdbool.h>

#include "sample.h"

size_t count_words(const char *text) {
    size_t count = 0;
    bool inside = false;
    for (; *text != '\0'; text++) {
        if (!inside && *text != ' ')
            count++;
        inside = *text != ' ';
    }
    return count;
}
