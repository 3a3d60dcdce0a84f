/*
 * tls_x86_64.c: blocks of thread-local variables as x86_64 lays them out (variant II): the
 * variables end where the thread pointer points, and the word there holds its own address.
 */
#include "solo5.h"
#include "program.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

static uintptr_t align_up(uintptr_t value, uintptr_t align) {
    return (value + align - 1) & -align;
}

/* Size of the variables: by the linker's rule they begin this far below the thread pointer. */
static size_t variables_size(void) {
    return align_up(program.application.tls_size, program.application.tls_align);
}

size_t solo5_tls_size(void) {
    return variables_size() + sizeof(uintptr_t) + program.application.tls_align - 1;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls) {
    return align_up(tls, program.application.tls_align) + variables_size();
}

solo5_result_t solo5_tls_init(uintptr_t tls) {
    uintptr_t pointer = solo5_tls_tp_offset(tls);
    char *variables = (char *)(pointer - variables_size());
    size_t initialised = program.application.tls_image_size;
    memcpy(variables, (const void *)program.application.tls_image, initialised);
    memset(variables + initialised, 0, variables_size() - initialised);
    *(uintptr_t *)pointer = pointer;
    return SOLO5_R_OK;
}
