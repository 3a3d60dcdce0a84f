/*
 * ready_x86_64.S: soloden_ready() of an application, under any bindings. What a function has to keep
 * for its caller lies on the stack, so that a snapshot needs nothing of the CPU.
 *
 * KVM does not emulate ldmxcsr and fldcw everywhere, but fxsave and fxrstor.
 */
#define RECORD_SIZE   64
#define RECORD_RESUME 16
#define RECORD_INFO   24
#define FXSAVE_SIZE   512
/* With six registers and the return address, this keeps the stack aligned to 16 bytes. */
#define FRAME_SIZE    (RECORD_SIZE + FXSAVE_SIZE + 8)

    .section .text, "ax", @progbits
    .globl  soloden_ready_here
    .type   soloden_ready_here, @function
/* void soloden_ready_here(struct solo5_start_info *info) */
soloden_ready_here:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $FRAME_SIZE, %rsp
    fxsave  RECORD_SIZE(%rsp)
    leaq    resume(%rip), %rax
    movq    %rax, RECORD_RESUME(%rsp)
    movq    %rdi, RECORD_INFO(%rsp)
    movq    %rsp, %rdi
    call    soloden_mark
    jmp     return

/* Gets the record, where the stack ended. */
resume:
    movq    %rdi, %rsp
    cld
    fxrstor RECORD_SIZE(%rsp)
return:
    addq    $FRAME_SIZE, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret
    .size   soloden_ready_here, . - soloden_ready_here

/* bool soloden_random_here(uint64_t *value) */
    .globl  soloden_random_here
    .type   soloden_random_here, @function
soloden_random_here:
    pushq   %rbx
    movl    $1, %eax
    xorl    %ecx, %ecx
    cpuid
    popq    %rbx
    testl   $(1 << 30), %ecx /* RDRAND */
    jz      none
    movl    $10, %ecx /* Intel's advice: this many tries. */
again:
    .byte   0x48, 0x0f, 0xc7, 0xf0 /* rdrand %rax */
    jc      drawn
    decl    %ecx
    jnz     again
none:
    xorl    %eax, %eax
    ret
drawn:
    movq    %rax, (%rdi)
    movl    $1, %eax
    ret
    .size   soloden_random_here, . - soloden_random_here

    .section .note.GNU-stack, "", @progbits
