/*
 * opening.h: the calls that open files.
 */
#ifndef PERSONALITY_OPENING_H
#define PERSONALITY_OPENING_H

#include "base.h"

/* The permissions that new files do not get. */
extern uint32_t file_mask;

long call_openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode);
long call_memfd_create(uintptr_t name, uint32_t flags);
long call_mknodat(int directory, uintptr_t path, uint32_t mode);
long call_umask(uint32_t mask);

#endif
