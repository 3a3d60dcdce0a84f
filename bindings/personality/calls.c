/*
 * calls.c: from a system call's number to the function that answers it.
 */
#include "calls.h"

#include "changes.h"
#include "clock.h"
#include "descriptors.h"
#include "directories.h"
#include "end.h"
#include "files.h"
#include "ioctl.h"
#include "linux_calls.h"
#include "mappings.h"
#include "opening.h"
#include "path_calls.h"
#include "paths.h"
#include "process_calls.h"
#include "random.h"
#include "signals.h"
#include "status.h"
#include "trace.h"
#include "waiting.h"

static long call_known(int fd) {
    return descriptor_file(fd) == NULL ? -EBADF : 0;
}

/* preadv2() and pwritev2(): an offset of -1 is that of the open file. */
static long call_vectors(const struct registers *r) {
    int fd = (int)r->rdi;
    long count = (int)r->rdx;
    int64_t offset = (int64_t)r->r10;
    if (r->r9 != 0)
        return -EOPNOTSUPP;
    if (r->rax == PREADV2)
        return offset == -1 ? call_readv(fd, r->rsi, count)
                            : call_preadv(fd, r->rsi, count, offset);
    return offset == -1 ? call_writev(fd, r->rsi, count) : call_pwritev(fd, r->rsi, count, offset);
}

/* Calls that programs make often come first. */
static long answer(const struct registers *r) {
    switch (r->rax) {
    case GETPID:
        return PROCESS;
    case READ:
        return call_read((int)r->rdi, r->rsi, r->rdx);
    case WRITE:
        return call_write((int)r->rdi, r->rsi, r->rdx);
    case CLOSE:
        return call_close((int)r->rdi);
    case FSTAT:
        return call_fstat((int)r->rdi, r->rsi);
    case POLL:
        return call_poll(r->rdi, (uint32_t)r->rsi, (int)r->rdx);
    case SELECT:
        return call_select((int)r->rdi, (const uintptr_t[]){r->rsi, r->rdx, r->r10}, r->r8);
    case PSELECT6:
        return call_pselect6((int)r->rdi, (const uintptr_t[]){r->rsi, r->rdx, r->r10}, r->r8);
    case PPOLL:
        return call_ppoll(r->rdi, (uint32_t)r->rsi, r->rdx);
    case LSEEK:
        return call_lseek((int)r->rdi, (int64_t)r->rsi, (int)r->rdx);
    case MMAP:
        return call_mmap(r->rdi, r->rsi, (int)r->rdx, (int)r->r10, (int)r->r8, r->r9);
    case MPROTECT:
        return call_mprotect(r->rdi, r->rsi, (int)r->rdx);
    case MUNMAP:
        return call_munmap(r->rdi, r->rsi);
    case BRK:
        return call_brk(r->rdi);
    case MREMAP:
        return call_mremap(r->rdi, r->rsi, r->rdx, (long)r->r10, r->r8);
    case MSYNC:
        return call_msync(r->rdi, r->rsi, (int)r->rdx);
    case MADVISE:
        return call_madvise(r->rdi, r->rsi, (int)r->rdx);
    case IOCTL:
        return call_ioctl((int)r->rdi, (uint32_t)r->rsi, r->rdx);
    case PREAD64:
        return call_pread((int)r->rdi, r->rsi, r->rdx, (int64_t)r->r10);
    case PWRITE64:
        return call_pwrite((int)r->rdi, r->rsi, r->rdx, (int64_t)r->r10);
    case READV:
        return call_readv((int)r->rdi, r->rsi, (int)r->rdx);
    case WRITEV:
        return call_writev((int)r->rdi, r->rsi, (int)r->rdx);
    case PREADV:
        return call_preadv((int)r->rdi, r->rsi, (int)r->rdx, (int64_t)r->r10);
    case PWRITEV:
        return call_pwritev((int)r->rdi, r->rsi, (int)r->rdx, (int64_t)r->r10);
    case PREADV2:
    case PWRITEV2:
        return call_vectors(r);
    case COPY_FILE_RANGE:
        return call_copy_file_range((int)r->rdi, r->rsi, (int)r->rdx, r->r10, r->r8, (int)r->r9);
    case FALLOCATE:
        return call_fallocate((int)r->rdi, (int)r->rsi, (int64_t)r->rdx, (int64_t)r->r10);
    case PIPE:
        return call_pipe2(r->rdi, 0);
    case PIPE2:
        return call_pipe2(r->rdi, (uint32_t)r->rsi);
    case CLOSE_RANGE:
        return call_close_range((uint32_t)r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx);
    case MEMFD_CREATE:
        return call_memfd_create(r->rdi, (uint32_t)r->rsi);
    case SENDFILE:
        return call_sendfile((int)r->rdi, (int)r->rsi, r->rdx, r->r10);
    case DUP:
        return call_dup((int)r->rdi);
    case DUP2:
        return call_dup2((int)r->rdi, (int)r->rsi);
    case DUP3:
        return call_dup3((int)r->rdi, (int)r->rsi, (int)r->rdx);
    case FCNTL:
        return call_fcntl((int)r->rdi, (int)r->rsi, r->rdx);
    case FLOCK:
    case FSYNC:
    case FDATASYNC:
    case FADVISE64:
    case READAHEAD:
    case SYNCFS:
    case SYNC_FILE_RANGE:
        return call_known((int)r->rdi);
    case SYNC:
    case MLOCKALL:
    case MUNLOCKALL:
        return 0;
    case MLOCK:
    case MLOCK2:
    case MUNLOCK:
        return call_mlock(r->rdi, r->rsi);
    case MINCORE:
        return call_mincore(r->rdi, r->rsi, r->rdx);
    case FTRUNCATE:
        return call_ftruncate((int)r->rdi, (int64_t)r->rsi);
    case FCHMOD:
        return call_fchmod((int)r->rdi, (uint32_t)r->rsi);
    case FCHOWN:
        return call_fchown((int)r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx);
    case FSTATFS:
        return call_fstatfs((int)r->rdi, r->rsi);
    case FCHDIR:
        return call_fchdir((int)r->rdi);
    case GETCWD:
        return call_getcwd(r->rdi, r->rsi);
    case GETDENTS64:
        return call_getdents64((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case UMASK:
        return call_umask((uint32_t)r->rdi);
    case CLOCK_GETTIME:
        return call_clock_gettime((int)r->rdi, r->rsi);
    case CLOCK_GETRES:
        return call_clock_getres((int)r->rdi, r->rsi);
    case CLOCK_NANOSLEEP:
        return call_clock_nanosleep((int)r->rdi, (int)r->rsi, r->rdx);
    case NANOSLEEP:
        return call_nanosleep(r->rdi);
    case GETTIMEOFDAY:
        return call_gettimeofday(r->rdi, r->rsi);
    case TIME:
        return call_time(r->rdi);
    case TIMES:
        return call_times(r->rdi);
    case GETRANDOM:
        return call_getrandom(r->rdi, r->rsi, (unsigned)r->rdx);
    default:
        break;
    }
    long result = calls_of_process(r);
    return result == -ENOSYS ? calls_of_paths(r) : result;
}

long personality_call(struct registers *registers) {
    bool traced = personality_program.flags & PERSONALITY_STRACE;
    if (traced && (registers->rax == EXIT_GROUP || registers->rax == EXIT))
        trace_call(registers, 0);
    long result = answer(registers);
    if (traced)
        trace_call(registers, result);
    if (signals_pending & ~signals_blocked)
        signals_deliver(registers, result);
    return result;
}
