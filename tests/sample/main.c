/*
 * main.c: uses each of the other files, and what the linker has to lay out.
 */
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>

#include "sample.h"
#include "solo5.h"

/* Larger than any file, and the last part of the image. */
static volatile uint8_t large[64 << 20];

static _Thread_local uint32_t initialised = 7;
static _Thread_local alignas(256) uint8_t aligned[3];

__attribute__((section("steps"), used)) static const uint64_t step_values[] = {1, 2, 3, UINT_MAX};

extern const uint64_t __start_steps[], __stop_steps[];
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

static alignas(8) uint8_t block[4096];

static void print(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    solo5_console_write(text, length);
}

static bool threads_work(void) {
    if (solo5_tls_size() > sizeof block || solo5_tls_init((uintptr_t)block) != SOLO5_R_OK)
        return false;
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)block));
    volatile uint8_t *array = aligned;
    return initialised == 7 && (uintptr_t)array % 256 == 0 && array[0] == 0;
}

static bool storage_works(void) {
    solo5_handle_t handle;
    struct solo5_block_info info;
    if (solo5_block_acquire("storage", &handle, &info) != SOLO5_R_OK)
        return false;
    solo5_off_t last = info.capacity - info.block_size;
    return solo5_block_write(handle, last, block, info.block_size) == SOLO5_R_OK;
}

int solo5_app_main(const struct solo5_start_info *info) {
    if (info->heap_start < (uintptr_t)&large[sizeof large] || large[sizeof large - 1] != 0)
        return 2;
    if (sum(__start_steps, (size_t)(__stop_steps - __start_steps)) != 6 + (uint64_t)UINT_MAX)
        return 3;
    for (void (*const *call)(void) = __init_array_start; call < __init_array_end; call++)
        (*call)();
    if (counter_value() != 2)
        return 4;
    if (!threads_work())
        return 5;
    if (!storage_works())
        return 6;
    print("SUCCESS\n");
    return (int)count_words(info->cmdline);
}
