/*
 * ready_disk.c: acquires a disk before it is ready, and reads it before and afterwards. Writes to it
 * first where its command line begins with "write".
 */
#include "guest.h"
#include "soloden.h"

static uint8_t block[512];

static char first_letter(solo5_handle_t handle) {
    if (solo5_block_read(handle, 0, block, sizeof block) != SOLO5_R_OK)
        return '!';
    return (char)block[0];
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    solo5_handle_t handle;
    struct solo5_block_info disk;
    if (solo5_block_acquire("storage", &handle, &disk) != SOLO5_R_OK)
        return fail("acquire");
    char letters[] = {first_letter(handle), ' ', 0, '\n', 0};
    if (info.cmdline[0] == 'w')
        solo5_block_write(handle, 512, block, sizeof block);
    soloden_ready(&info);
    letters[2] = first_letter(handle);
    print(letters);
    solo5_handle_t again;
    if (solo5_block_acquire("storage", &again, &disk) != SOLO5_R_EINVAL)
        return fail("acquired twice");
    return succeed();
}
