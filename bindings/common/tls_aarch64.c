/*
 * tls_aarch64.c: blocks of thread-local variables as aarch64 lays them out (variant I): the thread
 * pointer points to two words that belong to the implementation, and the variables come after them.
 */
#include "solo5.h"
#include "program.h"

#define HEADER_SIZE (2 * sizeof(uintptr_t))

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

static uintptr_t align_up(uintptr_t value, uintptr_t align) {
    return (value + align - 1) & -align;
}

/* Offset of the variables from the thread pointer, by the linker's rule. */
static size_t variables_offset(void) {
    return align_up(HEADER_SIZE, program.application.tls_align);
}

size_t solo5_tls_size(void) {
    return variables_offset() + program.application.tls_size + program.application.tls_align - 1;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls) {
    return align_up(tls, program.application.tls_align);
}

solo5_result_t solo5_tls_init(uintptr_t tls) {
    char *pointer = (char *)solo5_tls_tp_offset(tls);
    char *variables = pointer + variables_offset();
    size_t initialised = program.application.tls_image_size;
    memset(pointer, 0, HEADER_SIZE);
    memcpy(variables, (const void *)program.application.tls_image, initialised);
    memset(variables + initialised, 0, program.application.tls_size - initialised);
    return SOLO5_R_OK;
}
