/*
 * program.c: the place for what the personality is told of the program. It is alone here, since
 * compilers would take the zeros for what they are.
 */
#include "base.h"

__attribute__((section(".program"))) const struct personality_program personality_program;
