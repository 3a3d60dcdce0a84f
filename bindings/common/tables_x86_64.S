/*
 * tables_x86_64.S: the CPU's tables and the first instructions of every trap. None of it is
 * computed at run time. A descriptor holds its address in pieces, and a linker cannot split an
 * address: so whatever descriptors point to lies in the first 64 KiB of the image, where the linker
 * script puts the section below, and the upper pieces are constants.
 *
 * A target includes this file. It has a label trap_end, where a trap goes when it has been
 * reported. A target that takes interrupts defines INTERRUPTS, their number, and has a label
 * interrupt, where all of them go.
 */
#ifndef INTERRUPTS
#define INTERRUPTS 0
#endif

#define IMAGE_BASE     0x100000
#define IMAGE_BASE_MID 0x10
#define VECTORS        32
#define STUB_SIZE      16
#define STACK_SIZE     4096

#define CODE_SELECTOR 8
#define DATA_SELECTOR 16
#define TSS_SELECTOR  24
#define TASK_BUSY     2

/* ---- First 64 KiB of the image: trap entries, task state ---- */

    .section .text.solo5.first, "ax", @progbits

/*
 * One stub for each vector, all of the same size. The CPU pushes an error code for some vectors;
 * the stubs of the others push 0. Then the stub saves rdi and loads the vector's number into it.
 */
    .p2align 4
stubs:
    .set vector, 0
    .rept VECTORS
    .p2align 4
    .if (0x60227d00 >> vector) & 1
    .else
    pushq   $0
    .endif
    pushq   %rdi
    movl    $vector, %edi
    jmp     trap_common
    .set vector, vector + 1
    .endr

/*
 * The stack holds a struct hvt_trap_frame from its second field on; the first replaces the saved
 * rdi. The frame has few registers, and a core file takes the others from the CPU. So they are
 * restored before trap_end, except rax and rdx.
 */
    .p2align 4
trap_common:
    movq    %cr2, %rax
    xchgq   %rax, (%rsp)
    pushq   %rax
    pushq   %rcx
    pushq   %rsi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    leaq    56(%rsp), %rsi
    movq    %rsi, trap_frame
    cld
    call    trap_report
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rsi
    popq    %rcx
    popq    %rdi
    jmp     trap_end

/* Task state: it only names the stack that traps run on, since the application's may be broken. */
    .p2align 4
task_state:
    .zero   36
    .quad   trap_stack_end
    .zero   60
task_state_end:

/* ---- Descriptor tables ---- */

/* Interrupt gates, in kernel mode, with stack 1. */
    .section .rodata.solo5.idt, "a", @progbits
    .p2align 4
idt:
    .set vector, 0
    .rept VECTORS
    .word   stubs + vector * STUB_SIZE - IMAGE_BASE
    .word   CODE_SELECTOR
    .byte   1, 0x8e
    .word   IMAGE_BASE_MID
    .quad   0
    .set vector, vector + 1
    .endr
    .rept INTERRUPTS
    .word   interrupt - IMAGE_BASE
    .word   CODE_SELECTOR
    .byte   1, 0x8e
    .word   IMAGE_BASE_MID
    .quad   0
    .endr
idt_end:

/*
 * The selectors are those of the table of hvt's tender, so that no segment register needs loading.
 * The table is writable because the CPU marks the task as busy.
 */
    .section .data.solo5.gdt, "aw", @progbits
    .p2align 4
gdt:
    .quad   0
    .quad   0x00af9b000000ffff
    .quad   0x00cf93000000ffff
    .word   task_state_end - task_state - 1
    .word   task_state - IMAGE_BASE
    .byte   IMAGE_BASE_MID, 0x89, 0, 0
    .quad   0
gdt_end:

/* The address of the struct hvt_trap_frame of the trap that was reported. */
    .section .bss.solo5.trap_frame, "aw", @nobits
    .p2align 3
trap_frame:
    .quad   0

    .section .rodata.solo5.registers, "a", @progbits
gdt_register:
    .word   gdt_end - gdt - 1
    .quad   gdt
idt_register:
    .word   idt_end - idt - 1
    .quad   idt

    .section .bss.solo5.trap_stack, "aw", @nobits
    .p2align 4
    .zero   STACK_SIZE
trap_stack_end:

/* ---- void cpu_init(void) ---- */

    .section .text, "ax", @progbits
    .globl  cpu_init
    .type   cpu_init, @function
cpu_init:
    andb    $~TASK_BUSY, gdt + TSS_SELECTOR + 5 /* As a snapshot left it. */
    lgdt    gdt_register
    lidt    idt_register
    movl    $TSS_SELECTOR, %eax
    ltr     %ax
    ret
    .size   cpu_init, . - cpu_init

    .section .note.GNU-stack, "", @progbits
