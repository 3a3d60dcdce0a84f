/*
 * block_refused.c: prints the results of writing and then reading the first block, and the first
 * byte that was read.
 */
#include "guest.h"

static uint8_t buffer[32768];

static void print_digit(const char *what, unsigned digit) {
    char text[] = {(char)('0' + digit), '\n', '\0'};
    print(what);
    print(text);
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_block_info device;
    if (solo5_block_acquire("storage", &handle, &device) != SOLO5_R_OK)
        return fail("acquire");
    buffer[0] = '9';
    print_digit("write ", solo5_block_write(handle, 0, buffer, device.block_size));
    buffer[0] = '8';
    print_digit("read ", solo5_block_read(handle, 0, buffer, device.block_size));
    print_digit("byte ", (unsigned)(buffer[0] - '0'));
    return succeed();
}
