/*
 * pages.c: memory behind the image for what the machine needs, and the protection of pages. Boot
 * code has mapped 4 GiB in large pages, all writable.
 */
#include "virtio.h"
#include "../common/linker.h"
#include "../common/program.h"

#define PRESENT  UINT64_C(1)
#define WRITABLE UINT64_C(2)
#define LARGE    UINT64_C(0x80)
#define NO_EXEC  (UINT64_C(1) << 63)

#define PAGE_SIZE  UINT64_C(0x1000)
#define LARGE_SIZE UINT64_C(0x200000)
#define ENTRIES    512
#define MAPPED_END (UINT64_C(1) << 32)
#define FRAME_MASK UINT64_C(0x000ffffffffff000)

/* As on hvt: nothing lies below, so a NULL pointer faults. */
#define LOWEST_READABLE UINT64_C(0x10000)

void *memset(void *to, int value, size_t size);

/* Entries of all four directories, in order: one for each large page. */
extern uint64_t page_directories[];

static uint64_t memory_end;
static uint64_t taken_end;
static uint64_t no_exec; /* NO_EXEC, or 0 if the CPU lacks it. */

static uint64_t read_efer(void) {
    const uint32_t efer_msr = 0xc0000080;
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(efer_msr));
    return (uint64_t)high << 32 | low;
}

static uint64_t page_up(uint64_t address) {
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE;
}

void pages_init(uint64_t mem_size) {
    const uint64_t efer_nxe = 0x800;
    memory_end = mem_size;
    taken_end = page_up(program.application.end);
    no_exec = read_efer() & efer_nxe ? NO_EXEC : 0;
}

void *pages_take(size_t size) {
    size = page_up(size);
    if (taken_end > memory_end || memory_end - taken_end < size)
        fatal("Not enough memory");
    void *taken = (void *)taken_end;
    taken_end += size;
    return memset(taken, 0, size);
}

uint64_t pages_end(void) {
    return taken_end;
}

/* The table of small pages for a large one, which is divided if it is not yet. */
static uint64_t *divide(uint64_t *large) {
    if (*large & LARGE) {
        uint64_t *table = pages_take(ENTRIES * sizeof *table);
        uint64_t page = *large & ~LARGE;
        for (int i = 0; i < ENTRIES; i++)
            table[i] = page + (uint64_t)i * PAGE_SIZE;
        *large = (uintptr_t)table | PRESENT | WRITABLE;
    }
    return (uint64_t *)(*large & FRAME_MASK);
}

/* Sets what the pages of [start, end) allow; 0 unmaps them. */
static void set(uint64_t start, uint64_t end, uint64_t flags) {
    uint64_t address = start;
    while (address < end) {
        uint64_t *large = &page_directories[address / LARGE_SIZE];
        uint64_t entry = flags == 0 ? 0 : address | flags;
        if (address % LARGE_SIZE == 0 && end - address >= LARGE_SIZE && (*large & LARGE)) {
            *large = entry | (flags == 0 ? 0 : LARGE);
            address += LARGE_SIZE;
        } else {
            divide(large)[address / PAGE_SIZE % ENTRIES] = entry;
            address += PAGE_SIZE;
        }
    }
}

void pages_protect(void) {
    const uint64_t text = (uintptr_t)_stext, rodata = (uintptr_t)_srodata, data = (uintptr_t)_sdata;
    set(0, LOWEST_READABLE, 0);
    set(LOWEST_READABLE, text, PRESENT | no_exec);
    set(text, rodata, PRESENT);
    set(rodata, data, PRESENT | no_exec);
    set(data, memory_end, PRESENT | WRITABLE | no_exec);
    set(memory_end, MAPPED_END, 0);
    /* The application's, where it is not linked with the bindings. */
    const struct portable_segment *segment = program.segments;
    for (; segment < program.segments + PORTABLE_MAX_SEGMENTS && segment->end != 0; segment++) {
        bool executable = (segment->flags & PORTABLE_SEGMENT_EXECUTE) != 0;
        set(segment->start, page_up(segment->end), PRESENT | (executable ? 0 : no_exec));
    }
    /* Drops what the CPU remembers of the former entries. */
    uint64_t root;
    __asm__ volatile("movq %%cr3, %0; movq %0, %%cr3" : "=r"(root) : : "memory");
}
