/*
 * hostile_hypercall.c: for hvt, puts words into an argument block and makes the hypercall on its
 * command line: its number, the block's address (0 for one in writable data), then up to five
 * words. Says whether it was refused, if the guest still runs then.
 */
#include "hostile.h"

static uint64_t block[16];

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    const uint16_t port = (uint16_t)(0x500 + number(&words));
    uint64_t address = number(&words);
    if (address == 0)
        address = (uintptr_t)block;
    for (int i = 0; i < 5; i++)
        block[i] = number(&words);
    print("calling\n");
    __asm__ volatile("outl %0, %1" : : "a"((uint32_t)address), "d"(port) : "memory");
    /* Results come last in a block, after the arguments. */
    print(block[2] == 2 || block[3] == 2 || block[4] == 2 ? "refused\n" : "done\n");
    return SOLO5_EXIT_SUCCESS;
}
