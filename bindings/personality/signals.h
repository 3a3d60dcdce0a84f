/*
 * signals.h: signals that the program sends to itself.
 */
#ifndef PERSONALITY_SIGNALS_H
#define PERSONALITY_SIGNALS_H

#include "pending.h"
#include "registers.h"

long call_rt_sigaction(int signal, uintptr_t action, uintptr_t old, size_t size);
long call_rt_sigprocmask(int how, uintptr_t set, uintptr_t old, size_t size);
long call_rt_sigpending(uintptr_t set, size_t size);
long call_sigaltstack(uintptr_t stack, uintptr_t old, uintptr_t sp);
long call_rt_sigsuspend(uintptr_t mask, size_t size);
long call_rt_sigtimedwait(uintptr_t set, uintptr_t info, uintptr_t timeout, size_t size);
/* Sends a signal as sigqueue() does: 0 or an error. */
long signals_queue(int signal, const struct linux_siginfo *info);
/* Sends a signal to the program; 0 or -EINVAL. */
long signals_send(int signal, int code);
/* Returns from a system call by way of the handlers of signals that are pending and not blocked. */
_Noreturn void signals_deliver(const struct registers *registers, long result);
/* Returns from a handler. */
_Noreturn void signals_return(const struct registers *registers);
extern uint64_t signals_blocked;

#endif
