/*
 * window.S: the start of the window, in bindings that are put under portable unikernels: its header,
 * and the entry points. The linker script puts it at the image's start.
 */
#include "portable_abi.h"

    .section .text.solo5.window, "ax", %progbits

    .quad   PORTABLE_MAGIC
    .long   PORTABLE_VERSION
    .long   1
    .quad   program
    .zero   PORTABLE_HEADER_SIZE - 24

#if defined(__x86_64__)
#define JUMP jmp
#else
#define JUMP b
#endif

#define ENTRY(number, name)                                                                        \
    .balign PORTABLE_ENTRY_SIZE;                                                                   \
    JUMP name;

PORTABLE_EACH_ENTRY(ENTRY)

    .section .note.GNU-stack, "", %progbits
