/*
 * entry_aarch64.S: the entry point, where the tender has set up the stack. In a snapshot that stack
 * is in use, so the start of one has a stack of its own.
 */
#define PROGRAM_MARK 448 /* Offset in a struct portable_program. */
#define STACK_SIZE   4096

    .section .text, "ax", %progbits
    .globl  _start
    .type   _start, %function
/* _Noreturn void _start(const void *boot_info) */
_start:
    adrp    x1, mark_record
    ldr     x1, [x1, :lo12:mark_record]
    adrp    x2, program + PROGRAM_MARK
    ldr     x2, [x2, :lo12:program + PROGRAM_MARK]
    orr     x1, x1, x2
    cbz     x1, 1f
    adrp    x1, resume_stack_end
    add     x1, x1, :lo12:resume_stack_end
    mov     sp, x1
1:  b       platform_start
    .size   _start, . - _start

    .section .bss.solo5.resume_stack, "aw", %nobits
    .p2align 4
    .zero   STACK_SIZE
resume_stack_end:

    .section .note.GNU-stack, "", %progbits
