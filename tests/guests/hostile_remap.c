/*
 * hostile_remap.c: for hvt, loads its own page tables, in which everything is writable and
 * executable, as any guest in ring 0 can; then touches the physical address on its command line: r
 * reads, w writes.
 */
#include "hostile.h"

#define TABLE 512

static uint64_t pml4[TABLE] __attribute__((aligned(4096)));
static uint64_t pdpt[TABLE] __attribute__((aligned(4096)));
static uint64_t directory[TABLE] __attribute__((aligned(4096)));
static uint64_t window[TABLE] __attribute__((aligned(4096)));

/* Above the addresses of 4 MiB of memory. */
#define WINDOW UINT64_C(0x20000000)

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    const char how = *words++;
    const uint64_t address = number(&words);
    const uint64_t present_writable = 3, large = 0x80;
    pml4[0] = (uintptr_t)pdpt | present_writable;
    pdpt[0] = (uintptr_t)directory | present_writable;
    for (uint64_t i = 0; i < 2; i++)
        directory[i] = (i * 0x200000) | present_writable | large;
    directory[WINDOW / 0x200000] = (uintptr_t)window | present_writable;
    window[0] = (address & ~UINT64_C(0xfff)) | present_writable;
    __asm__ volatile("mov %0, %%cr3" : : "r"(pml4) : "memory");
    volatile uint8_t *byte = (volatile uint8_t *)(WINDOW + (address & 0xfff));
    print("touching\n");
    if (how == 'r')
        (void)*byte;
    else
        *byte = 0xc3;
    print("touched\n");
    return SOLO5_EXIT_SUCCESS;
}
