/*
 * pages.h: the pages of memory, and what of it the program may touch.
 */
#ifndef PERSONALITY_PAGES_H
#define PERSONALITY_PAGES_H

#include "base.h"

/* What a page is. */
enum {
    FREE = 0,      /* Free, and zero. */
    DIRTY = 1,     /* Free, and to be zeroed. */
    USED = 2,      /* The program's. */
    OWN = 4,       /* The personality's. */
    NO_ACCESS = 8, /* With USED: mapped with PROT_NONE. */
    READ_ONLY = 16,
    OF_FILE = 32,  /* With USED: has a copy of a file's content. */
    SHARED = 64,   /* With USED: is a file's content. */
    NO_WRITE = 128 /* With USED: a shared mapping of a file that is open for reading alone. */
};

void memory_start(uintptr_t start, size_t size, size_t stack_size);
/* The end of the program's stack, and its size. */
uintptr_t memory_stack_end(void);
size_t memory_stack_size(void);
/* All memory and what is free of it, in bytes. */
size_t memory_total(void);
size_t memory_free(void);

/* Whether the program may read or write these bytes. */
bool memory_readable(uintptr_t address, size_t size);
bool memory_writable(uintptr_t address, size_t size);
/* The length of a string of the program's, without its NUL; -EFAULT, or -ENAMETOOLONG from `max`
 * on. */
long memory_string(uintptr_t address, size_t max);

/* Zeroed pages for the personality itself; NULL if there are none. */
void *memory_take(size_t size);
void memory_give(void *pages, size_t size);
/* Zeroes all that is free: then a snapshot holds none of it, and no start of one has to zero it. */
void memory_clean(void);

/* ---- For what maps them ---- */

/* The end of the heap that brk() moves; nothing else is put below it. */
extern uintptr_t memory_break;

size_t page_of(uintptr_t address);
uintptr_t address_of(size_t page);
/* How many pages there are. */
size_t pages_count(void);
uint8_t page_state(size_t page);
void page_set(size_t page, uint8_t state);
/* Whether all pages of a range are the program's, and have none of these bits. */
bool pages_allow(uintptr_t address, size_t size, uint8_t bits);
bool pages_are_free(size_t page, size_t number);
/* The highest run of free pages; the number of all pages if there is none. */
size_t pages_find(size_t number);
/* Makes free pages used, and zero. */
void pages_claim(size_t page, size_t number, uint8_t state);
void pages_release(size_t page, size_t number);

#endif
