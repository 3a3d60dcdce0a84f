/*
 * vectors_aarch64.S: the exception vectors, a table of code in slots of fixed size. The linker
 * script puts it at the start of the image, which has the alignment that it needs.
 */
#define SLOTS      16
#define STACK_SIZE 4096
#define ABORT      255

    .section .text.solo5.first, "ax", %progbits

/* Ordered by where an exception comes from, then by its kind. */
    .p2align 11
vectors:
    .set slot, 0
    .rept SLOTS
    .p2align 7
    mov     w0, slot
    b       trap_common
    .set slot, slot + 1
    .endr

/*
 * No exception returns, so registers that the report leaves out are free to use. The report runs on
 * its own stack, since the application's may be broken. A struct hvt_trap_frame follows that stack.
 */
trap_common:
    mov     x2, sp
    adrp    x1, trap_frame
    add     x1, x1, :lo12:trap_frame
    mov     sp, x1
    mrs     x3, far_el1
    mrs     x4, esr_el1
    mrs     x5, elr_el1
    mrs     x6, spsr_el1
    stp     x3, x4, [x1]
    stp     x5, x6, [x1, 16]
    str     x2, [x1, 32]
    bl      trap_report
    mov     w0, ABORT
    adrp    x1, trap_frame
    add     x1, x1, :lo12:trap_frame
    b       halt

    .section .bss.solo5.trap_stack, "aw", %nobits
    .p2align 4
    .zero   STACK_SIZE
trap_frame:
    .zero   40

/* ---- void cpu_init(void) ---- */

    .section .text, "ax", %progbits
    .globl  cpu_init
    .type   cpu_init, %function
cpu_init:
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el1, x0
    isb
    ret
    .size   cpu_init, . - cpu_init

    .section .note.GNU-stack, "", %progbits
