/*
 * bindings.h: declarations that the files of the bindings share. Each target defines the functions
 * whose names begin with platform_; the others are the same for all targets.
 */
#ifndef BINDINGS_H
#define BINDINGS_H

#include <stdbool.h>

#include "solo5.h"
#include "mft_abi.h"

/* ---- Start ---- */

/* What a target's entry point found in its boot info. */
struct boot {
    const char *target;
    const char *cmdline;
    const struct mft *mft;
    uint64_t mem_size;
    uint64_t kernel_end;
};

/* Prepares and runs the application. Each target's entry point ends with this call. */
_Noreturn void start(const struct boot *boot);

void stack_guard_init(void);

/* Keeps the guard of a snapshot. */
void stack_guard_resume(void);

/* ---- Log ---- */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Applies the --solo5: options that a command line begins with, and returns what follows them. */
const char *log_options(const char *cmdline);

/* Whether lines of this level are printed. */
bool log_enabled(enum log_level level);

/* Prints why the unikernel cannot continue, and ends it. */
_Noreturn void fatal(const char *reason);

/* ---- Memory ---- */

struct text;

/*
 * Takes memory from the beginning of the application's, whole pages; returns its address, or 0 if too
 * little would be left.
 */
uintptr_t memory_reserve(struct boot *boot, size_t size);

/* Sets the application's memory; ends the unikernel if it is too small. */
struct solo5_start_info memory_init(const struct boot *boot);

/* Adds the map of guest memory to a text. */
void memory_describe(struct text *text, const struct boot *boot);

/* ---- Devices ---- */

void devices_init(const struct mft *mft);

/* Has the devices of a set acquired from the beginning, under their handles. */
void devices_resume(const struct mft *mft, solo5_handle_set_t set);

/* The devices that are acquired. */
solo5_handle_set_t devices_acquired(void);

/* Acquires a device; returns its handle, or 0 if there is none or it is acquired already. */
solo5_handle_t device_acquire(const char *name, mft_type_t type);

/* The entry of an acquired device of this type; NULL if the handle is not one. */
const struct mft_entry *device_entry(solo5_handle_t handle, mft_type_t type);

solo5_result_t platform_net_read(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size);
solo5_result_t platform_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);
solo5_result_t platform_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf,
                                   size_t size);
solo5_result_t platform_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                    size_t size);

/* ---- The rest of a target ---- */

/* Has monotonic time go on from `now`. */
void clock_resume(solo5_time_t now);

solo5_result_t platform_set_thread_pointer(uintptr_t base);

/* Also writes nothing where the size is 0: it may be a mark. */
void platform_puts(const char *data, size_t size);
_Noreturn void platform_exit(int status);

#endif
