/*
 * program.h: what the bindings know of the application: of one that they are linked with, or of one
 * that they were put under.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "portable_abi.h"

extern const struct portable_program program;

#endif
