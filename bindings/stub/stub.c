/*
 * stub.c: bindings of no target. Build systems link with them to find out what compiles and links.
 * The result has no ABI note, and its interpreter does not exist, so nothing runs it.
 */
#include "solo5.h"
#include "elf_abi.h"

NOT_OPENBSD_NOTE_DECLARE
INTERP_DECLARE

void _start(void);
void __stack_chk_fail(void);

uintptr_t __stack_chk_guard;

static _Noreturn void stay(void) {
    for (;;)
        ;
}

/* Does not call the application: what is linked here need not have one. */
void _start(void) {
    stay();
}

void __stack_chk_fail(void) {
    stay();
}

void solo5_exit(int status) {
    (void)status;
    stay();
}

void solo5_abort(void) {
    stay();
}

size_t solo5_tls_size(void) {
    return 0;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls) {
    return tls;
}

solo5_result_t solo5_tls_init(uintptr_t tls) {
    (void)tls;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_set_tls_base(uintptr_t base) {
    (void)base;
    return SOLO5_R_EUNSPEC;
}

solo5_time_t solo5_clock_monotonic(void) {
    return 0;
}

solo5_time_t solo5_clock_wall(void) {
    return 0;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
    (void)deadline, (void)ready_set;
}

void solo5_console_write(const char *buf, size_t size) {
    (void)buf, (void)size;
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info) {
    (void)name, (void)handle, (void)info;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size) {
    (void)handle, (void)buf, (void)size, (void)read_size;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    (void)handle, (void)buf, (void)size;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info) {
    (void)name, (void)handle, (void)info;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                 size_t size) {
    (void)handle, (void)offset, (void)buf, (void)size;
    return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf, size_t size) {
    (void)handle, (void)offset, (void)buf, (void)size;
    return SOLO5_R_EUNSPEC;
}
