/*
 * tables_x86_64.S: the CPU's tables, and the end of every trap: a halt with its frame as the cookie.
 */
#include "../common/tables_x86_64.S"

#define HALT_PORT 0x508
#define ABORT     255

    .section .text, "ax", @progbits
trap_end:
    movq    trap_frame, %rax
    movq    %rax, halt_block
    movl    $halt_block, %eax
    movl    $HALT_PORT, %edx
    outl    %eax, %dx
1:  cli
    hlt
    jmp     1b

/* A struct hvt_hc_halt. */
    .section .data.solo5.halt, "aw", @progbits
    .p2align 4
halt_block:
    .quad   0
    .long   ABORT, 0
