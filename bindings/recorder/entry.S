/*
 * entry.S: the way from a guest into its recorder and back, on a stack of the recorder's own. Only general
 * registers are used, so that all others are the guest's throughout.
 */
#include "recorder.h"

/* Registers on the stack: those of the call, those that C keeps, and the guest's stack pointer. */
#define SAVED (8 * (RECORDER_CALL_WORDS + 6 + 1))

/* What the kernel leaves in R11 behind `xor`: the flags zero, parity and interrupts. */
#define FLAGS 0x246

    .text

/*
 * Trampolines call this in the place of a system call: RAX is its number, and RDI, RSI, RDX, R10, R8
 * and R9 are its arguments. It changes RAX, RCX, R11 and the flags, in the same way whoever answers.
 */
    .globl  recorder_entry
    .hidden recorder_entry
    .type   recorder_entry, @function
recorder_entry:
    cmpl    $0, recorder_state(%rip)
    je      ask
    movq    %rsp, %rcx
    leaq    recorder_stack_end(%rip), %rsp
    pushq   %rcx
    pushq   %r15
    pushq   %r14
    pushq   %r13
    pushq   %r12
    pushq   %rbp
    pushq   %rbx
    pushq   %r9
    pushq   %r8
    pushq   %r10
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %rax
    movq    %rsp, %rdi
    cld
    call    recorder_call
leave:
    movl    %eax, %ecx
    popq    %rax
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %r10
    popq    %r8
    popq    %r9
    popq    %rbx
    popq    %rbp
    popq    %r12
    popq    %r13
    popq    %r14
    popq    %r15
    popq    %rsp
    testl   %ecx, %ecx
    je      ask
    xorl    %ecx, %ecx
    leaq    answered(%rip), %rcx
    movl    $FLAGS, %r11d
    ret
ask:
    xorl    %ecx, %ecx
    syscall
answered:
    ret
    .size   recorder_entry, . - recorder_entry

/* Where the guest goes on after recorder_call could not read what the guest points at. */
    .globl  recorder_fault
    .hidden recorder_fault
    .type   recorder_fault, @function
recorder_fault:
    leaq    recorder_stack_end-SAVED(%rip), %rsp
    xorl    %eax, %eax
    jmp     leave
    .size   recorder_fault, . - recorder_fault

    .globl  recorder_make
    .hidden recorder_make
    .type   recorder_make, @function
recorder_make:
    movq    (%rdi), %rax
    movq    16(%rdi), %rsi
    movq    24(%rdi), %rdx
    movq    32(%rdi), %r10
    movq    40(%rdi), %r8
    movq    48(%rdi), %r9
    movq    8(%rdi), %rdi
    syscall
    .globl  recorder_made
    .hidden recorder_made
recorder_made:
    ret
    .size   recorder_make, . - recorder_make

    .section .note.GNU-stack, "", %progbits
