/*
 * program.h: what the bindings know of the application: of one that they are linked with, or of one
 * that they were put under.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "portable_abi.h"

extern const struct portable_program program;

/* What the application's main function returns to: soloden_returned, at an address that does not change. */
extern const uintptr_t program_returned;

struct solo5_start_info;

/* Calls the application's main function, which returns to `returned`. In main_x86_64.S and the like. */
_Noreturn void main_call(const struct solo5_start_info *info, uintptr_t main, uintptr_t returned);

/* Ends the unikernel with what the main function has returned. */
void soloden_returned(void);

#endif
