/*
 * hostile_table.c: for spt, changes the device table that the tender left in guest memory, then
 * reads by what the table says now: c more capacity, s another block size, f another descriptor.
 */
#include "hostile.h"
#include "spt_abi.h"

#define BOOT_INFO 0x11000

static uint8_t buffer[4096];

int solo5_app_main(const struct solo5_start_info *info) {
    const struct spt_boot_info *boot = (const struct spt_boot_info *)(uintptr_t)BOOT_INFO;
    struct mft_entry *entry = (struct mft_entry *)(uintptr_t)&boot->mft->e[1];
    uint64_t offset = 0;
    switch (info->cmdline[0]) {
    case 'c':
        offset = entry->u.block_basic.capacity;
        entry->u.block_basic.capacity *= 2;
        break;
    case 's':
        entry->u.block_basic.block_size = sizeof buffer;
        break;
    default:
        entry->b.hostfd = boot->timerfd;
        break;
    }
    print("asking\n");
    /* As the bindings would, if they read the table only now. */
    register uint64_t at __asm__("r10") = offset;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(17L), "D"((long)entry->b.hostfd), "S"(buffer),
                       "d"((uint64_t)entry->u.block_basic.block_size), "r"(at)
                     : "rcx", "r11", "memory");
    return fail("the call came back");
}
