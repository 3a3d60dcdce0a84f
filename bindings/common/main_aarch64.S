/*
 * main_aarch64.S: the call of the application's main function. It returns to an address that is the
 * same under all bindings, since a snapshot has it on its stack.
 */
    .section .text, "ax", %progbits

/* _Noreturn void main_call(const struct solo5_start_info *info, uintptr_t main, uintptr_t returned) */
    .globl  main_call
    .type   main_call, %function
main_call:
    mov     x29, xzr
    mov     x30, x2
    br      x1
    .size   main_call, . - main_call

/* The result is where an argument is. */
    .globl  soloden_returned
    .type   soloden_returned, %function
soloden_returned:
    b       solo5_exit
    .size   soloden_returned, . - soloden_returned

    .section .note.GNU-stack, "", %progbits
