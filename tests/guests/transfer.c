/*
 * transfer.c: two accounts, a block each. Amounts go from one to the other; what is in both together
 * must stay. A write that fails is tried once more. There is a fault in here: when the second account
 * cannot be written in spite of that, the first is not put back.
 */
#include "guest.h"

#define BLOCK 512
#define TRANSFERS 4
#define AMOUNT 10

static solo5_handle_t storage;
static union {
    uint8_t bytes[BLOCK];
    uint64_t balance;
} block;

static bool write_account(uint64_t account, uint64_t balance) {
    block.balance = balance;
    for (int tries = 0; tries < 2; tries++) {
        if (solo5_block_write(storage, account * BLOCK, block.bytes, BLOCK) == SOLO5_R_OK)
            return true;
    }
    return false;
}

static uint64_t read_account(uint64_t account) {
    while (solo5_block_read(storage, account * BLOCK, block.bytes, BLOCK) != SOLO5_R_OK)
        ;
    return block.balance;
}

int solo5_app_main(const struct solo5_start_info *info) {
    struct solo5_block_info device;
    uint64_t balances[2] = {TRANSFERS * AMOUNT, 0};
    (void)info;
    if (solo5_block_acquire("storage", &storage, &device) != SOLO5_R_OK)
        return fail("acquire");
    write_account(0, balances[0]);
    for (int i = 0; i < TRANSFERS; i++) {
        if (!write_account(0, balances[0] - AMOUNT))
            continue;
        balances[0] -= AMOUNT;
        if (!write_account(1, balances[1] + AMOUNT))
            continue;
        balances[1] += AMOUNT;
    }
    if (read_account(0) + read_account(1) != TRANSFERS * AMOUNT)
        return fail("money is lost");
    return succeed();
}
