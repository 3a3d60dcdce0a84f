/*
 * end.h: the end of the program.
 */
#ifndef PERSONALITY_END_H
#define PERSONALITY_END_H

#include "base.h"

#define PROCESS 1 /* The number of the program's only process and thread. */

_Noreturn void process_end(int status);

#endif
