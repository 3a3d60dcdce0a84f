/*
 * base.h: what every file of the personality begins with. The personality answers the system calls
 * of one adopted Linux program, on the calls of solo5.h alone. Its files are layers: each includes
 * headers of lower ones only (tests/bindings/personality_test.ts).
 */
#ifndef PERSONALITY_BASE_H
#define PERSONALITY_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* All functions and variables are in the same image, at a distance that is known. */
#pragma GCC visibility push(hidden)

#include "linux_abi.h"
#include "personality_abi.h"
#include "solo5.h"

#define PAGE_SIZE 4096ul
#define SECOND    1000000000ul /* In nanoseconds. */

static inline uintptr_t page_down(uintptr_t address) {
    return address & -PAGE_SIZE;
}

static inline uintptr_t page_up(uintptr_t address) {
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE;
}

/* What adopt.ts tells of the program. */
extern const struct personality_program personality_program;

#endif
