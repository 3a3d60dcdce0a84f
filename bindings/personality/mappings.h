/*
 * mappings.h: the system calls about memory.
 */
#ifndef PERSONALITY_MAPPINGS_H
#define PERSONALITY_MAPPINGS_H

#include "base.h"

long call_brk(uintptr_t end);
long call_mmap(uintptr_t address, size_t size, long protection, long flags, int fd,
               uint64_t offset);
long call_munmap(uintptr_t address, size_t size);
long call_mprotect(uintptr_t address, size_t size, long protection);
long call_mremap(uintptr_t address, size_t size, size_t new_size, long flags, uintptr_t target);
long call_madvise(uintptr_t address, size_t size, long advice);
long call_mincore(uintptr_t address, size_t size, uintptr_t result);
long call_mlock(uintptr_t address, size_t size);
long call_msync(uintptr_t address, size_t size, long flags);

#endif
