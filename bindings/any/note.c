/*
 * note.c: what a portable unikernel tells of itself, and what it has of the bindings' own: the stack
 * guard, which functions on its stack remember, whatever bindings are put under them.
 */
#include "elf_abi.h"
#include "portable_abi.h"
#include "solo5.h"

#include "../common/linker.h"

NOT_OPENBSD_NOTE_DECLARE
INTERP_DECLARE

extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard;

#define ADDRESS(symbol) ((uintptr_t)(symbol))

SOLO5_SECTION(PORTABLE_NOTE_SECTION, 4)
const struct portable_note solo5_portable_note = {
    .n_namesz = sizeof PORTABLE_NOTE_NAME,
    .n_descsz = sizeof(struct portable_note) - offsetof(struct portable_note, version),
    .n_type = PORTABLE_NOTE_TYPE,
    .n_name = PORTABLE_NOTE_NAME,
    .version = PORTABLE_VERSION,
    .application =
        {
            .main = ADDRESS(solo5_app_main),
            .manifest = ADDRESS(_manifest_note),
            .stack_guard = ADDRESS(&__stack_chk_guard),
            .end = ADDRESS(_end),
            .tls_image = ADDRESS(_tls_image),
            .tls_image_size = ADDRESS(_tls_image_size),
            .tls_size = ADDRESS(_tls_size),
            .tls_align = ADDRESS(_tls_align),
        },
};
