/*
 * process.h: what the program asks about itself.
 */
#ifndef PERSONALITY_PROCESS_H
#define PERSONALITY_PROCESS_H

#include "base.h"

long call_kill(long process, int signal);
long call_tgkill(long group, long thread, int signal);
long call_rt_sigqueueinfo(long process, int signal, uintptr_t info);
long call_uname(uintptr_t buffer);
long call_arch_prctl(long code, uintptr_t address);
long call_prctl(long option, uintptr_t argument);
/* Say on the console what the program asked for in vain. */
long call_clone(uint64_t flags);
long call_clone3(uintptr_t arguments, size_t size);
long call_execveat(int directory, uintptr_t path);

/* The name of its thread, which has at most 15 characters. */
const char *process_name(void);

#endif
