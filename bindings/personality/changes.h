/*
 * changes.h: what can be changed of files but their content.
 */
#ifndef PERSONALITY_CHANGES_H
#define PERSONALITY_CHANGES_H

#include "base.h"

long call_fchmodat(int directory, uintptr_t path, uint32_t mode);
long call_fchmod(int fd, uint32_t mode);
long call_fchownat(int directory, uintptr_t path, uint32_t uid, uint32_t gid, long flags);
long call_fchown(int fd, uint32_t uid, uint32_t gid);
long call_utime(uintptr_t path, uintptr_t times);
long call_futimesat(int directory, uintptr_t path, uintptr_t times);
long call_utimensat(int directory, uintptr_t path, uintptr_t times, long flags);

#endif
