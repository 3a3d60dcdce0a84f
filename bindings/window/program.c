/*
 * program.c: the place for what the joiner tells of the application.
 */
#include "../common/program.h"

const struct portable_program program;

const uintptr_t program_returned = PORTABLE_RETURNED;
