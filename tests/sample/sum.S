/*
 * sum.S: uint64_t sum(const uint64_t *numbers, size_t count)
 */
    .globl sum
    .type sum, @function
    .cfi_sections .eh_frame
sum:
    .cfi_startproc
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
    .cfi_endproc
    .size sum, . - sum
    .section .note.GNU-stack, "", @progbits
