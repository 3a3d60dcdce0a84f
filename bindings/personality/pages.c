/*
 * pages.c: the pages of memory. Behind the image come the program's stack, which grows down towards
 * the image's last segment, which cannot be written; then the heap that brk() moves the end of;
 * then, from the end of memory down, what mmap() gives. Every page has a byte that says what it is.
 */
#include "pages.h"

static uint8_t *pages;
static uintptr_t base; /* The address of the first page. */
static size_t count;
static size_t search_end; /* No page from here on is free. */
static uintptr_t stack_end;

uintptr_t memory_break;

size_t page_of(uintptr_t address) {
    return (address - base) / PAGE_SIZE;
}

uintptr_t address_of(size_t page) {
    return base + page * PAGE_SIZE;
}

size_t pages_count(void) {
    return count;
}

uint8_t page_state(size_t page) {
    return pages[page];
}

void page_set(size_t page, uint8_t state) {
    pages[page] = state;
}

static bool is_free(size_t page) {
    return pages[page] < USED;
}

/* At the end of memory the personality starts on a stack that is not its own. */
#define INITIAL_STACK 0x10000ul

void memory_start(uintptr_t start, size_t size, size_t stack_size) {
    base = start;
    count = (size - INITIAL_STACK) / PAGE_SIZE;
    pages = (uint8_t *)page_down(start + size - INITIAL_STACK - count);
    count = page_of((uintptr_t)pages);
    search_end = count;
    stack_end = start + stack_size;
    memset(pages, USED, page_of(stack_end));
    memory_break = stack_end;
}

uintptr_t memory_stack_end(void) {
    return stack_end;
}

size_t memory_stack_size(void) {
    return stack_end - base;
}

size_t memory_total(void) {
    return count * PAGE_SIZE;
}

size_t memory_free(void) {
    size_t found = 0;
    for (size_t page = 0; page < count; page++)
        found += is_free(page);
    return found * PAGE_SIZE;
}

/* ---- What the program may touch ---- */

bool pages_allow(uintptr_t address, size_t size, uint8_t bits) {
    size_t last = page_of(address + size - 1);
    if (last >= count)
        return false;
    for (size_t page = page_of(address); page <= last; page++) {
        if ((pages[page] & (USED | bits)) != USED)
            return false;
    }
    return true;
}

static bool allowed(uintptr_t address, size_t size, bool write) {
    if (size == 0)
        return true;
    uintptr_t end = address + size;
    if (end < address)
        return false;
    if (address >= base)
        return pages_allow(address, size, write ? NO_ACCESS | READ_ONLY : NO_ACCESS);
    const struct personality_segment *segment = personality_program.segments;
    for (; segment < personality_program.segments + PERSONALITY_MAX_SEGMENTS; segment++) {
        if (address < segment->start || address >= segment->end)
            continue;
        if (write && (segment->flags & PERSONALITY_WRITE) == 0)
            return false;
        if (end <= segment->end)
            return true;
        /* The next segment may follow at once. */
        address = segment->end;
    }
    return false;
}

bool memory_readable(uintptr_t address, size_t size) {
    return allowed(address, size, false);
}

bool memory_writable(uintptr_t address, size_t size) {
    return allowed(address, size, true);
}

long memory_string(uintptr_t address, size_t max) {
    for (size_t length = 0; length < max;) {
        uintptr_t at = address + length;
        size_t rest = PAGE_SIZE - at % PAGE_SIZE;
        if (rest > max - length)
            rest = max - length;
        if (!memory_readable(at, rest) && !memory_readable(at, rest = 1))
            return -EFAULT;
        const char *end = memchr((const void *)at, 0, rest);
        if (end != NULL)
            return end - (const char *)address;
        length += rest;
    }
    return -ENAMETOOLONG;
}

/* ---- Pages ---- */

void pages_claim(size_t page, size_t number, uint8_t state) {
    for (size_t at = page; at < page + number; at++) {
        if (pages[at] == DIRTY)
            memset((void *)address_of(at), 0, PAGE_SIZE);
    }
    memset(pages + page, state, number);
    if (page + number >= search_end && page < search_end)
        search_end = page;
}

void pages_release(size_t page, size_t number) {
    memset(pages + page, DIRTY, number);
    if (search_end < page + number)
        search_end = page + number;
}

bool pages_are_free(size_t page, size_t number) {
    if (page >= count || number > count - page)
        return false;
    for (size_t at = page; at < page + number; at++) {
        if (!is_free(at))
            return false;
    }
    return true;
}

size_t pages_find(size_t number) {
    size_t lowest = page_of(page_up(memory_break));
    size_t run = 0;
    for (size_t page = search_end; page > lowest; page--) {
        run = is_free(page - 1) ? run + 1 : 0;
        if (run == number)
            return page - 1;
    }
    return count;
}

void memory_clean(void) {
    for (size_t page = 0; page < count; page++) {
        if (pages[page] != DIRTY)
            continue;
        memset((void *)address_of(page), 0, PAGE_SIZE);
        pages[page] = FREE;
    }
}

void *memory_take(size_t size) {
    size_t number = page_up(size) / PAGE_SIZE;
    size_t page = pages_find(number);
    if (page == count)
        return NULL;
    pages_claim(page, number, OWN);
    return (void *)address_of(page);
}

void memory_give(void *address, size_t size) {
    pages_release(page_of((uintptr_t)address), page_up(size) / PAGE_SIZE);
}
