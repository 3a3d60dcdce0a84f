/*
 * files.h: reading and writing open files.
 */
#ifndef PERSONALITY_FILES_H
#define PERSONALITY_FILES_H

#include "base.h"

long call_read(int fd, uintptr_t buffer, size_t size);
long call_write(int fd, uintptr_t buffer, size_t size);
long call_pread(int fd, uintptr_t buffer, size_t size, int64_t offset);
long call_pwrite(int fd, uintptr_t buffer, size_t size, int64_t offset);
long call_readv(int fd, uintptr_t vector, long count);
long call_writev(int fd, uintptr_t vector, long count);
long call_preadv(int fd, uintptr_t vector, long count, int64_t offset);
long call_pwritev(int fd, uintptr_t vector, long count, int64_t offset);
long call_lseek(int fd, int64_t offset, int whence);
long call_truncate(uintptr_t path, int64_t size);
long call_ftruncate(int fd, int64_t size);
long call_copy_file_range(int from, uintptr_t from_offset, int to, uintptr_t to_offset, size_t size,
                          long flags);
long call_fallocate(int fd, long mode, int64_t offset, int64_t size);
long call_sendfile(int to, int from, uintptr_t offset, size_t size);

#endif
