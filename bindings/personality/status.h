/*
 * status.h: what is known of files.
 */
#ifndef PERSONALITY_STATUS_H
#define PERSONALITY_STATUS_H

#include "nodes.h"

long call_stat(uintptr_t path, uintptr_t buffer);
long call_lstat(uintptr_t path, uintptr_t buffer);
long call_fstat(int fd, uintptr_t buffer);
long call_newfstatat(int directory, uintptr_t path, uintptr_t buffer, long flags);
long call_statx(int directory, uintptr_t path, long flags, uintptr_t buffer);
long call_statfs(uintptr_t path, uintptr_t buffer);
long call_fstatfs(int fd, uintptr_t buffer);
long call_faccessat(int directory, uintptr_t path, long mode, long flags);
long call_readlinkat(int directory, uintptr_t path, uintptr_t buffer, int64_t size);

/* The file that a path stands for, or with AT_EMPTY_PATH and no path a descriptor: 0 or an error.
 */
long status_find(int directory, uintptr_t path, long flags, struct node **node);

#endif
