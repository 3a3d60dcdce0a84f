/*
 * program.c: the application that the bindings are linked with.
 */
#include "program.h"

#include "linker.h"
#include "solo5.h"

#define ADDRESS(symbol) ((uintptr_t)(symbol))

/* The stack guard is the bindings' own, which start-up sets in any case. */
const struct portable_program program = {
    .application =
        {
            .main = ADDRESS(solo5_app_main),
            .manifest = ADDRESS(_manifest_note),
            .end = ADDRESS(_end),
            .tls_image = ADDRESS(_tls_image),
            .tls_image_size = ADDRESS(_tls_image_size),
            .tls_size = ADDRESS(_tls_size),
            .tls_align = ADDRESS(_tls_align),
        },
    .segments =
        {
            {ADDRESS(_stext), ADDRESS(_etext), PORTABLE_SEGMENT_READ | PORTABLE_SEGMENT_EXECUTE},
            {ADDRESS(_srodata), ADDRESS(_erodata), PORTABLE_SEGMENT_READ},
        },
};

const uintptr_t program_returned = ADDRESS(soloden_returned);
