/*
 * block_random.c: writes and reads blocks at random, and checks every block that it reads against
 * what it wrote last. `SEED COUNT` on the command line; the test computes the same sequence, and
 * looks at the storage.
 */
#include "guest.h"

#define BLOCKS_MAX 256

static uint64_t words[32768 / sizeof(uint64_t)];
/* The first word of each block, whose others count up from there; 0: never written, all zeros. */
static uint64_t first[BLOCKS_MAX];

static uint64_t number(const char **text) {
    uint64_t value = 0;
    while (**text >= '0' && **text <= '9')
        value = value * 10 + (uint64_t)(*(*text)++ - '0');
    if (**text == ' ')
        (*text)++;
    return value;
}

/* xorshift64: never 0 where the seed is not. */
static uint64_t next(uint64_t state) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^ state << 17;
}

static bool holds(uint64_t value, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (words[i] != (value == 0 ? 0 : value + i))
            return false;
    }
    return true;
}

int solo5_app_main(const struct solo5_start_info *info) {
    solo5_handle_t handle;
    struct solo5_block_info device;
    const char *rest = info->cmdline;
    uint64_t state = number(&rest);
    if (solo5_block_acquire("storage", &handle, &device) != SOLO5_R_OK)
        return fail("acquire");
    uint64_t blocks = device.capacity / device.block_size;
    size_t count = device.block_size / sizeof words[0];
    if (blocks > BLOCKS_MAX || state == 0)
        return fail("too large a device, or no seed");
    for (uint64_t left = number(&rest); left > 0; left--) {
        state = next(state);
        uint64_t block = (state >> 8) % blocks;
        uint64_t offset = block * device.block_size;
        if ((state & 1) == 0) {
            if (solo5_block_read(handle, offset, (uint8_t *)words, device.block_size) != SOLO5_R_OK)
                return fail("read");
            if (!holds(first[block], count))
                return fail("a block does not hold what was written");
            continue;
        }
        for (size_t i = 0; i < count; i++)
            words[i] = state + i;
        if (solo5_block_write(handle, offset, (uint8_t *)words, device.block_size) != SOLO5_R_OK)
            return fail("write");
        first[block] = state;
    }
    return succeed();
}
