/*
 * path_calls.c: from the number of a call about a path to the function that answers it.
 */
#include "path_calls.h"

#include "changes.h"
#include "files.h"
#include "linux_calls.h"
#include "names.h"
#include "opening.h"
#include "paths.h"
#include "process.h"
#include "status.h"

/* Calls about files by their paths. */
long calls_of_paths(const struct registers *r) {
    switch (r->rax) {
    case OPEN:
        return call_openat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx);
    case CREAT:
        return call_openat(AT_FDCWD, r->rdi, O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)r->rsi);
    case OPENAT:
        return call_openat((int)r->rdi, r->rsi, (uint32_t)r->rdx, (uint32_t)r->r10);
    case STAT:
        return call_stat(r->rdi, r->rsi);
    case LSTAT:
        return call_lstat(r->rdi, r->rsi);
    case NEWFSTATAT:
        return call_newfstatat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    case STATX:
        return call_statx((int)r->rdi, r->rsi, (int)r->rdx, r->r8);
    case STATFS:
        return call_statfs(r->rdi, r->rsi);
    case ACCESS:
        return call_faccessat(AT_FDCWD, r->rdi, (int)r->rsi, 0);
    case FACCESSAT:
        return call_faccessat((int)r->rdi, r->rsi, (int)r->rdx, 0);
    case FACCESSAT2:
        return call_faccessat((int)r->rdi, r->rsi, (int)r->rdx, (int)r->r10);
    case READLINK:
        return call_readlinkat(AT_FDCWD, r->rdi, r->rsi, (int)r->rdx);
    case READLINKAT:
        return call_readlinkat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    case TRUNCATE:
        return call_truncate(r->rdi, (int64_t)r->rsi);
    case CHDIR:
        return call_chdir(r->rdi);
    case MKDIR:
        return call_mkdirat(AT_FDCWD, r->rdi, (uint32_t)r->rsi);
    case MKDIRAT:
        return call_mkdirat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case RMDIR:
        return call_unlinkat(AT_FDCWD, r->rdi, AT_REMOVEDIR);
    case UNLINK:
        return call_unlinkat(AT_FDCWD, r->rdi, 0);
    case UNLINKAT:
        return call_unlinkat((int)r->rdi, r->rsi, (int)r->rdx);
    case RENAME:
        return call_renameat2(AT_FDCWD, r->rdi, AT_FDCWD, r->rsi, 0);
    case RENAMEAT:
        return call_renameat2((int)r->rdi, r->rsi, (int)r->rdx, r->r10, 0);
    case RENAMEAT2:
        return call_renameat2((int)r->rdi, r->rsi, (int)r->rdx, r->r10, (int)r->r8);
    case LINK:
        return call_linkat(AT_FDCWD, r->rdi, AT_FDCWD, r->rsi, 0);
    case LINKAT:
        return call_linkat((int)r->rdi, r->rsi, (int)r->rdx, r->r10, (int)r->r8);
    case SYMLINK:
        return call_symlinkat(r->rdi, AT_FDCWD, r->rsi);
    case SYMLINKAT:
        return call_symlinkat(r->rdi, (int)r->rsi, r->rdx);
    case CHMOD:
        return call_fchmodat(AT_FDCWD, r->rdi, (uint32_t)r->rsi);
    case FCHMODAT:
        return call_fchmodat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case CHOWN:
        return call_fchownat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx, 0);
    case LCHOWN:
        return call_fchownat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx,
                             AT_SYMLINK_NOFOLLOW);
    case FCHOWNAT:
        return call_fchownat((int)r->rdi, r->rsi, (uint32_t)r->rdx, (uint32_t)r->r10, (int)r->r8);
    case UTIME:
        return call_utime(r->rdi, r->rsi);
    case UTIMES:
        return call_futimesat(AT_FDCWD, r->rdi, r->rsi);
    case FUTIMESAT:
        return call_futimesat((int)r->rdi, r->rsi, r->rdx);
    case MKNOD:
        return call_mknodat(AT_FDCWD, r->rdi, (uint32_t)r->rsi);
    case MKNODAT:
        return call_mknodat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case EXECVE:
        return call_execveat(AT_FDCWD, r->rdi);
    case EXECVEAT:
        return call_execveat((int)r->rdi, r->rsi);
    case FCHMODAT2:
        return (r->r10 & ~(uint64_t)AT_SYMLINK_NOFOLLOW) != 0
                   ? -EINVAL
                   : call_fchmodat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case SETXATTR:
    case LSETXATTR:
    case FSETXATTR:
    case GETXATTR:
    case LGETXATTR:
    case FGETXATTR:
    case LISTXATTR:
    case LLISTXATTR:
    case FLISTXATTR:
    case REMOVEXATTR:
    case LREMOVEXATTR:
    case FREMOVEXATTR:
        return -EOPNOTSUPP;
    case UTIMENSAT:
        return call_utimensat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    default:
        return -ENOSYS;
    }
}
