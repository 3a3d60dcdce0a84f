/*
 * sum.S: uint64_t sum(const uint64_t *numbers, size_t count)
 */
    .globl sum
    .type sum, %function
    .cfi_sections .eh_frame
sum:
    .cfi_startproc
#if defined(__x86_64__)
    xorl %eax, %eax
1:
    testq %rsi, %rsi
    jz 2f
    addq (%rdi), %rax
    addq $8, %rdi
    decq %rsi
    jmp 1b
2:
    ret
#elif defined(__aarch64__)
    mov x2, x0
    mov x0, xzr
1:
    cbz x1, 2f
    ldr x3, [x2], 8
    add x0, x0, x3
    sub x1, x1, 1
    b 1b
2:
    ret
#endif
    .cfi_endproc
    .size sum, . - sum
    .section .note.GNU-stack, "", %progbits
