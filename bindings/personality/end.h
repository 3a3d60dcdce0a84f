/*
 * end.h: the end of the program.
 */
#ifndef PERSONALITY_END_H
#define PERSONALITY_END_H

#include "base.h"

#define PROCESS 1 /* The number of the program's only process and thread. */

_Noreturn void process_end(int status);

/* Ends the program, which would wait for ever, in these words: nobody but itself could wake it. */
_Noreturn void process_end_waiting(const char *why);

#endif
