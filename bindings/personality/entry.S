/*
 * entry.S: the way from the program into the personality and back, on a stack of the personality's
 * own. The personality uses general registers alone, so that all others are the program's throughout.
 */
#include "portable_abi.h"

    .text

/*
 * Trampolines call this in the place of a system call: RAX is its number, and RDI, RSI, RDX, R10, R8
 * and R9 are its arguments. It changes RAX, RCX, R11 and the flags, as the kernel does.
 */
    .globl  personality_entry
    .hidden personality_entry
    .type   personality_entry, @function
personality_entry:
    movq    %rsp, %rcx
    leaq    personality_stack_end(%rip), %rsp
    pushq   %rcx
    pushq   %r15
    pushq   %r14
    pushq   %r13
    pushq   %r12
    pushq   %rbp
    pushq   %rbx
    pushq   %r10
    pushq   %r9
    pushq   %r8
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %rax
    movq    %rsp, %rdi
    cld
    call    personality_call
    popq    %rcx
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %r8
    popq    %r9
    popq    %r10
    movq    48(%rsp), %rsp
    ret
    .size   personality_entry, . - personality_entry

/* void personality_enter(uintptr_t entry, uintptr_t stack): begins the program, as the kernel does. */
    .globl  personality_enter
    .hidden personality_enter
    .type   personality_enter, @function
personality_enter:
    movq    %rsi, %rsp
    movq    %rdi, %rcx
    /* MXCSR is as Linux has it after every reset; the x87's control word may not be. */
    fninit
    xorl    %eax, %eax
    xorl    %ebx, %ebx
    xorl    %edx, %edx
    xorl    %esi, %esi
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    xorl    %r10d, %r10d
    xorl    %r11d, %r11d
    xorl    %r12d, %r12d
    xorl    %r13d, %r13d
    xorl    %r14d, %r14d
    xorl    %r15d, %r15d
    jmp     *%rcx
    .size   personality_enter, . - personality_enter

/* void personality_resume(const struct resumption *): goes on with these registers. */
    .globl  personality_resume
    .hidden personality_resume
    .type   personality_resume, @function
personality_resume:
    movq    %rdi, %rax
    movq    120(%rax), %rcx
    /* The flags and the address go below the stack pointer, and are taken from there. */
    movq    128(%rax), %rdx
    movq    %rdx, -8(%rcx)
    movq    136(%rax), %rdx
    movq    %rdx, -16(%rcx)
    leaq    -16(%rcx), %rsp
    movq    0(%rax), %r8
    movq    8(%rax), %r9
    movq    16(%rax), %r10
    movq    24(%rax), %r11
    movq    32(%rax), %r12
    movq    40(%rax), %r13
    movq    48(%rax), %r14
    movq    56(%rax), %r15
    movq    64(%rax), %rdi
    movq    72(%rax), %rsi
    movq    80(%rax), %rbp
    movq    88(%rax), %rbx
    movq    96(%rax), %rdx
    movq    112(%rax), %rcx
    movq    104(%rax), %rax
    popfq
    ret
    .size   personality_resume, . - personality_resume

/* The calls of solo5.h are at fixed addresses, and the personality is not: it calls them from here. */
#define ENTRY(number, name)                                                                        \
    .globl  name;                                                                                  \
    .hidden name;                                                                                  \
    .type   name, @function;                                                                       \
name:                                                                                              \
    movl    $PORTABLE_ENTRY(number), %r11d;                                                        \
    jmp     *%r11;

PORTABLE_EACH_ENTRY(ENTRY)

    .bss
    .balign 16
    .zero   32768
personality_stack_end:

    .section .note.GNU-stack, "", %progbits
