/*
 * ready_aarch64.S: soloden_ready() of an application, under any bindings. What a function has to
 * keep for its caller lies on the stack, so that a snapshot needs nothing of the CPU.
 */
#define RECORD_SIZE   64
#define RECORD_RESUME 16
#define RECORD_INFO   24
#define SAVED_SIZE    176
#define FRAME_SIZE    (RECORD_SIZE + SAVED_SIZE)

    .section .text, "ax", %progbits
    .globl  soloden_ready_here
    .type   soloden_ready_here, %function
/* void soloden_ready_here(struct solo5_start_info *info) */
soloden_ready_here:
    sub     sp, sp, FRAME_SIZE
    stp     x29, x30, [sp, RECORD_SIZE]
    stp     x19, x20, [sp, RECORD_SIZE + 16]
    stp     x21, x22, [sp, RECORD_SIZE + 32]
    stp     x23, x24, [sp, RECORD_SIZE + 48]
    stp     x25, x26, [sp, RECORD_SIZE + 64]
    stp     x27, x28, [sp, RECORD_SIZE + 80]
    stp     d8, d9, [sp, RECORD_SIZE + 96]
    stp     d10, d11, [sp, RECORD_SIZE + 112]
    stp     d12, d13, [sp, RECORD_SIZE + 128]
    stp     d14, d15, [sp, RECORD_SIZE + 144]
    mrs     x1, fpcr
    str     x1, [sp, RECORD_SIZE + 160]
    adr     x1, resume
    str     x1, [sp, RECORD_RESUME]
    str     x0, [sp, RECORD_INFO]
    mov     x0, sp
    bl      soloden_mark
    b       return

/* Gets the record, where the stack ended. */
resume:
    mov     sp, x0
return:
    ldr     x1, [sp, RECORD_SIZE + 160]
    msr     fpcr, x1
    ldp     d14, d15, [sp, RECORD_SIZE + 144]
    ldp     d12, d13, [sp, RECORD_SIZE + 128]
    ldp     d10, d11, [sp, RECORD_SIZE + 112]
    ldp     d8, d9, [sp, RECORD_SIZE + 96]
    ldp     x27, x28, [sp, RECORD_SIZE + 80]
    ldp     x25, x26, [sp, RECORD_SIZE + 64]
    ldp     x23, x24, [sp, RECORD_SIZE + 48]
    ldp     x21, x22, [sp, RECORD_SIZE + 32]
    ldp     x19, x20, [sp, RECORD_SIZE + 16]
    ldp     x29, x30, [sp, RECORD_SIZE]
    add     sp, sp, FRAME_SIZE
    ret
    .size   soloden_ready_here, . - soloden_ready_here

/* bool soloden_random_here(uint64_t *value): whether there is a register for it, kernels alone can tell. */
    .globl  soloden_random_here
    .type   soloden_random_here, %function
soloden_random_here:
    mov     w0, wzr
    ret
    .size   soloden_random_here, . - soloden_random_here

    .section .note.GNU-stack, "", %progbits
