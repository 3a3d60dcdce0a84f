/*
 * multiboot.c: what the boot loader says of memory, and the command line.
 */
#include "virtio.h"

#define HAS_MEMORY  0x01
#define HAS_CMDLINE 0x04
#define HAS_MAP     0x40

#define MAP_AVAILABLE 1

#define CMDLINE_SIZE 8192 /* With the terminating NUL. */
#define LOWEST       UINT64_C(0x100000)
#define HIGHEST      (UINT64_C(1) << 32) /* The tables of pages end there. */

/* Multiboot 0.6.96, section 3.3, as far as it is read. */
struct multiboot_info {
    uint32_t flags;
    uint32_t mem_lower;
    uint32_t mem_upper; /* In KiB, from 1 MiB on. */
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count;
    uint32_t mods_addr;
    uint32_t symbols[4];
    uint32_t mmap_length;
    uint32_t mmap_addr;
};

struct map_entry {
    uint32_t size; /* Of what follows. */
    uint64_t addr;
    uint64_t len;
    uint32_t type;
} __attribute__((packed));

static char cmdline[CMDLINE_SIZE];

/* The loader puts a name before the first space. What is too long for the contract is cut off. */
static void keep_cmdline(const char *text) {
    while (*text != '\0' && *text++ != ' ')
        ;
    size_t size = 0;
    while (size < sizeof cmdline - 1 && text[size] != '\0') {
        cmdline[size] = text[size];
        size++;
    }
    cmdline[size] = '\0';
}

/* The end of the memory that the map has from 1 MiB on; 0 if it has none there. */
static uint64_t end_in_map(uintptr_t map, uint32_t length) {
    const struct map_entry *entry;
    for (uint32_t at = 0; at < length; at += entry->size + sizeof entry->size) {
        entry = (const struct map_entry *)(map + at);
        if (entry->type == MAP_AVAILABLE && entry->addr <= LOWEST &&
            LOWEST - entry->addr < entry->len)
            return entry->addr + entry->len;
    }
    return 0;
}

uint64_t multiboot_read(const struct multiboot_info *info) {
    if (info->flags & HAS_CMDLINE)
        keep_cmdline((const char *)(uintptr_t)info->cmdline);
    uint64_t end = 0;
    if (info->flags & HAS_MAP)
        end = end_in_map(info->mmap_addr, info->mmap_length);
    else if (info->flags & HAS_MEMORY)
        end = LOWEST + (uint64_t)info->mem_upper * 1024;
    if (end == 0)
        fatal("The boot loader tells of no memory at 1 MiB");
    if (end > HIGHEST)
        end = HIGHEST;
    return end & -UINT64_C(4096);
}

const char *multiboot_cmdline(void) {
    return cmdline;
}
