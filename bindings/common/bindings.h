/*
 * bindings.h: declarations that the files of the bindings share. The names that begin with
 * platform_ are each target's own; all else here is shared.
 */
#ifndef BINDINGS_H
#define BINDINGS_H

#include <stdbool.h>

#include "solo5.h"
#include "mft_abi.h"

/* ---- Start ---- */

/* What a target's entry point learned from its boot info. */
struct boot {
    const char *target;
    const char *cmdline;
    const struct mft *mft;
    uint64_t mem_size;
    uint64_t kernel_end;
};

/* Starts the application; all that follows a target's own entry code. */
_Noreturn void start(const struct boot *boot);

void stack_guard_init(void);

/* ---- Log ---- */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Takes the leading --solo5: options off a command line, obeys them, and returns the rest. */
const char *log_options(const char *cmdline);

/* Whether lines of this level are printed. */
bool log_enabled(enum log_level level);

/* Prints why the unikernel cannot go on, and ends it. */
_Noreturn void fatal(const char *reason);

/* ---- Memory ---- */

struct text;

/* Sets the application's memory; ends the unikernel if it is too small. */
struct solo5_start_info memory_init(const struct boot *boot);

/* Adds the map of guest memory to a text. */
void memory_describe(struct text *text, const struct boot *boot);

/* ---- Devices ---- */

void devices_init(const struct mft *mft);

/* Takes a device by name and type; 0 where there is none or it has been taken. */
solo5_handle_t device_acquire(const char *name, mft_type_t type);

/* The entry of a device that was acquired as one of this type, else NULL. */
const struct mft_entry *device_entry(solo5_handle_t handle, mft_type_t type);

solo5_result_t platform_net_read(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size);
solo5_result_t platform_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);
solo5_result_t platform_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf,
                                   size_t size);
solo5_result_t platform_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                    size_t size);

/* ---- The rest of a target ---- */

void platform_puts(const char *data, size_t size);
_Noreturn void platform_exit(int status);

#endif
