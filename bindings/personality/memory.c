/*
 * memory.c: the program's memory. Behind the image come its stack, which grows down towards the
 * image's last segment, which cannot be written; then the heap that brk() moves the end of; then,
 * from the end of memory down, what mmap() gives. Every page has a byte that says what it is.
 */
#include "personality.h"

enum {
    FREE = 0,      /* Free, and zero. */
    DIRTY = 1,     /* Free, and to be zeroed. */
    USED = 2,      /* The program's. */
    OWN = 4,       /* The personality's. */
    NO_ACCESS = 8, /* With USED: mapped with PROT_NONE. */
    READ_ONLY = 16,
    OF_FILE = 32 /* With USED: has a file's content. */
};

static uint8_t *pages;
static uintptr_t base; /* The address of the first page. */
static size_t count;
static size_t search_end; /* No page from here on is free. */
static uintptr_t stack_end;
static uintptr_t break_start, break_end;

static size_t page_of(uintptr_t address) {
    return (address - base) / PAGE_SIZE;
}

static uintptr_t address_of(size_t page) {
    return base + page * PAGE_SIZE;
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
    break_start = break_end = stack_end;
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

/* Whether all of the heap's pages are the program's, and have none of these bits. */
static bool pages_allow(uintptr_t address, size_t size, uint8_t bits) {
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

/* Makes free pages used, and zero. */
static void claim(size_t page, size_t number, uint8_t state) {
    for (size_t at = page; at < page + number; at++) {
        if (pages[at] == DIRTY)
            memset((void *)address_of(at), 0, PAGE_SIZE);
    }
    memset(pages + page, state, number);
    if (page + number >= search_end && page < search_end)
        search_end = page;
}

static void release(size_t page, size_t number) {
    memset(pages + page, DIRTY, number);
    if (search_end < page + number)
        search_end = page + number;
}

static bool all_free(size_t page, size_t number) {
    if (page >= count || number > count - page)
        return false;
    for (size_t at = page; at < page + number; at++) {
        if (!is_free(at))
            return false;
    }
    return true;
}

/* The highest run of free pages; `count` if there is none. */
static size_t find_run(size_t number) {
    size_t lowest = page_of(page_up(break_end));
    size_t run = 0;
    for (size_t page = search_end; page > lowest; page--) {
        run = is_free(page - 1) ? run + 1 : 0;
        if (run == number)
            return page - 1;
    }
    return count;
}

void *memory_take(size_t size) {
    size_t number = page_up(size) / PAGE_SIZE;
    size_t page = find_run(number);
    if (page == count)
        return NULL;
    claim(page, number, OWN);
    return (void *)address_of(page);
}

void memory_give(void *address, size_t size) {
    release(page_of((uintptr_t)address), page_up(size) / PAGE_SIZE);
}

/* ---- System calls ---- */

long call_brk(uintptr_t end) {
    if (end < break_start || end > address_of(count))
        return (long)break_end;
    size_t old = page_of(page_up(break_end)), new = page_of(page_up(end));
    if (new > old) {
        if (!all_free(old, new - old))
            return (long)break_end;
        claim(old, new - old, USED);
    } else if (new < old)
        release(new, old - new);
    break_end = end;
    return (long)end;
}

/* The state of pages with a protection. */
static uint8_t state_of(long protection) {
    if (protection & PROT_WRITE)
        return USED;
    return protection & PROT_READ ? USED | READ_ONLY : USED | NO_ACCESS;
}

/* Whether a range consists of whole pages that programs may map. */
static bool is_range(uintptr_t address, size_t size) {
    return address % PAGE_SIZE == 0 && address >= stack_end && address + size >= address &&
           address + size <= address_of(count);
}

/* Frees what a program has in a range. */
static void unmap(uintptr_t address, size_t size) {
    size_t end = page_of(address + size);
    for (size_t page = page_of(address); page < end; page++) {
        if ((pages[page] & USED) != 0)
            release(page, 1);
    }
}

/* Where a mapping goes: a page, or an error. */
static long place_of(uintptr_t address, size_t size, long flags) {
    size_t number = size / PAGE_SIZE;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (address % PAGE_SIZE != 0)
            return -EINVAL;
        if (!is_range(address, size))
            return -ENOMEM;
        if ((flags & MAP_FIXED_NOREPLACE) && !all_free(page_of(address), number))
            return -EEXIST;
        unmap(address, size);
        /* What is left is the personality's. */
        return all_free(page_of(address), number) ? (long)page_of(address) : -ENOMEM;
    }
    address = page_down(address);
    if (address >= page_up(break_end) && is_range(address, size) &&
        all_free(page_of(address), number))
        return (long)page_of(address);
    size_t page = find_run(number);
    return page == count ? -ENOMEM : (long)page;
}

/* Whether a file can be mapped so: 0 or an error. */
static long check_file(const struct file *file, long protection, long type) {
    if (file == NULL || (file->flags & O_PATH))
        return -EBADF;
    if ((file->flags & O_ACCMODE) == O_WRONLY)
        return -EACCES;
    if (node_type(file->node) == S_IFCHR)
        return file->node->device == DEVICE_ZERO ? 0 : -ENODEV;
    if (node_type(file->node) != S_IFREG)
        return -ENODEV;
    if (type == MAP_PRIVATE || !(protection & PROT_WRITE))
        return 0;
    /* What is written to shared memory would have to reach the file. */
    return (file->flags & O_ACCMODE) == O_RDWR ? -ENODEV : -EACCES;
}

long call_mmap(uintptr_t address, size_t size, long protection, long flags, int fd,
               uint64_t offset) {
    long type = flags & MAP_TYPE;
    if (offset % PAGE_SIZE != 0 || size == 0 || type < MAP_SHARED || type > MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (page_up(size) == 0)
        return -ENOMEM;
    size = page_up(size);
    const struct file *file = NULL;
    if (!(flags & MAP_ANONYMOUS)) {
        file = descriptor_file(fd);
        long error = check_file(file, protection, type);
        if (error != 0)
            return error;
    }
    if (protection & PROT_EXEC)
        return -EACCES;
    long page = place_of(address, size, flags);
    if (page < 0)
        return page;
    uint8_t state = state_of(protection);
    if (file != NULL && node_type(file->node) == S_IFREG)
        state |= OF_FILE;
    claim((size_t)page, size / PAGE_SIZE, state);
    void *start = (void *)address_of((size_t)page);
    if (state & OF_FILE)
        file_read(file->node, start, size, offset);
    return (long)start;
}

long call_munmap(uintptr_t address, size_t size) {
    if (address % PAGE_SIZE != 0 || size == 0 || address + size < address)
        return -EINVAL;
    size = page_up(size);
    uintptr_t end = address + size;
    if (address < stack_end)
        address = stack_end;
    if (end > address_of(count))
        end = address_of(count);
    if (address < end)
        unmap(address, end - address);
    return 0;
}

long call_mprotect(uintptr_t address, size_t size, long protection) {
    if (address % PAGE_SIZE != 0)
        return -EINVAL;
    if (size == 0)
        return 0;
    size = page_up(size);
    /* The image keeps its protection; it may be asked for what it has. */
    if (address < base) {
        if (!memory_readable(address, 1))
            return -ENOMEM;
        bool writable = memory_writable(address, 1);
        return writable == ((protection & PROT_EXEC) == 0) ||
                       !(protection & (PROT_EXEC | PROT_WRITE))
                   ? 0
                   : -EACCES;
    }
    if (!pages_allow(address, size, 0))
        return -ENOMEM;
    if (protection & PROT_EXEC)
        return -EACCES;
    for (size_t page = page_of(address); page < page_of(address + size); page++)
        pages[page] = (uint8_t)(state_of(protection) | (pages[page] & OF_FILE));
    return 0;
}

/* Moves a mapping to a larger place. */
static long move(size_t page, size_t number, size_t wanted) {
    size_t target = find_run(wanted);
    if (target == count)
        return -ENOMEM;
    uint8_t state = pages[page];
    claim(target, wanted, state);
    memcpy((void *)address_of(target), (void *)address_of(page), number * PAGE_SIZE);
    release(page, number);
    return (long)address_of(target);
}

long call_mremap(uintptr_t address, size_t size, size_t new_size, long flags, uintptr_t target) {
    (void)target;
    if (address % PAGE_SIZE != 0 || (flags & ~MREMAP_MAYMOVE) || new_size == 0 || size == 0)
        return -EINVAL;
    if (page_up(new_size) < new_size)
        return -ENOMEM;
    size_t number = page_up(size) / PAGE_SIZE, wanted = page_up(new_size) / PAGE_SIZE;
    if (!is_range(address, number * PAGE_SIZE) || !pages_allow(address, number * PAGE_SIZE, 0))
        return -EFAULT;
    size_t page = page_of(address);
    if (wanted < number)
        release(page + wanted, number - wanted);
    else if (wanted > number && all_free(page + number, wanted - number))
        claim(page + number, wanted - number, pages[page]);
    else if (wanted > number)
        return flags & MREMAP_MAYMOVE ? move(page, number, wanted) : -ENOMEM;
    return (long)address;
}

long call_madvise(uintptr_t address, size_t size, long advice) {
    if (address % PAGE_SIZE != 0 || address + size < address)
        return -EINVAL;
    if (size == 0)
        return 0;
    size = page_up(size);
    if (advice < 0 || (advice > 25 && advice != 100 && advice != 101))
        return -EINVAL;
    if (advice != MADV_DONTNEED)
        return memory_readable(address, 1) || address >= base ? 0 : -ENOMEM;
    if (address < base || !pages_allow(address, size, 0))
        return -ENOMEM;
    /* A file's content would have to come back. */
    if (!pages_allow(address, size, OF_FILE))
        return -EINVAL;
    memset((void *)address, 0, size);
    return 0;
}

long call_msync(uintptr_t address, size_t size, long flags) {
    if (address % PAGE_SIZE != 0 || (flags & ~7) || (flags & 5) == 5)
        return -EINVAL;
    return memory_readable(address, page_up(size)) ? 0 : -ENOMEM;
}
