/*
 * entries.S: the calls that a portable unikernel makes are at fixed addresses, where the bindings
 * that are put under it have their entry points. The application itself begins behind the window.
 */
#include "portable_abi.h"

#define ENTRY(number, name)                                                                        \
    .globl name;                                                                                   \
    .type name, %function;                                                                         \
    .set name, PORTABLE_ENTRY(number);

PORTABLE_EACH_ENTRY(ENTRY)

    .globl  _start
    .set    _start, PORTABLE_WINDOW_START

    .globl  solo5_image_start
    .set    solo5_image_start, PORTABLE_WINDOW_END

    .section .note.GNU-stack, "", %progbits
