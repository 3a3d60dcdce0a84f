/*
 * main_x86_64.S: the call of the application's main function. It returns to an address that is the
 * same under all bindings, since a snapshot has it on its stack.
 */
    .section .text, "ax", @progbits

/* _Noreturn void main_call(const struct solo5_start_info *info, uintptr_t main, uintptr_t returned) */
    .globl  main_call
    .type   main_call, @function
main_call:
    andq    $-16, %rsp
    pushq   %rdx
    jmp     *%rsi
    .size   main_call, . - main_call

    .globl  soloden_returned
    .type   soloden_returned, @function
soloden_returned:
    movl    %eax, %edi
    pushq   $0 /* The stack is now as after a call. */
    jmp     solo5_exit
    .size   soloden_returned, . - soloden_returned

    .section .note.GNU-stack, "", @progbits
