/*
 * entry_x86_64.S: the entry point, where the tender has set up the stack as a call would. In a
 * snapshot that stack is in use, so the start of one has a stack of its own.
 */
#define PROGRAM_MARK 448 /* Offset in a struct portable_program. */
#define STACK_SIZE   4096

    .section .text, "ax", @progbits
    .globl  _start
    .type   _start, @function
/* _Noreturn void _start(const void *boot_info) */
_start:
    movq    mark_record, %rax
    orq     program + PROGRAM_MARK, %rax
    jz      platform_start
    movl    $resume_stack_end - 8, %esp
    jmp     platform_start
    .size   _start, . - _start

    .section .bss.solo5.resume_stack, "aw", @nobits
    .p2align 4
    .zero   STACK_SIZE
resume_stack_end:

    .section .note.GNU-stack, "", @progbits
