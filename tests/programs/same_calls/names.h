/* names.h: calls about names of files and directories. */
#pragma once
#include "common.h"

static void call_mkdir(choice b) {
    show("mkdir", syscall(SYS_mkdir, path(b[0]), 0700 | (b[1] & 077)));
}

static void call_remove(choice b) {
    switch (b[1] % 4) {
    case 0:
        show("rmdir", syscall(SYS_rmdir, path(b[0])));
        break;
    case 1:
        show("unlink", syscall(SYS_unlink, path(b[0])));
        break;
    case 2:
        show("unlinkat", syscall(SYS_unlinkat, CHOOSE(descriptors, b[2]), path(b[0]),
                                 b[3] & 1 ? AT_REMOVEDIR : 0));
        break;
    default:
        show("unlinkat", syscall(SYS_unlinkat, AT_FDCWD, path(b[0]), b[3]));
    }
}

static void call_rename(choice b) {
    static const unsigned flags[] = {0, RENAME_NOREPLACE, RENAME_EXCHANGE, 3, 0};
    if (b[2] & 1)
        show("rename", syscall(SYS_rename, CHOOSE(paths, b[0]), CHOOSE(paths, b[1])));
    else
        show("renameat2", syscall(SYS_renameat2, AT_FDCWD, CHOOSE(paths, b[0]), AT_FDCWD,
                                  CHOOSE(paths, b[1]), CHOOSE(flags, b[3])));
}

static void call_link(choice b) {
    switch (b[2] % 3) {
    case 0:
        show("link", syscall(SYS_link, path(b[0]), path(b[1])));
        break;
    case 1:
        show("linkat", syscall(SYS_linkat, AT_FDCWD, path(b[0]), AT_FDCWD, CHOOSE(paths, b[1]),
                               b[3] & 1 ? AT_SYMLINK_FOLLOW : 0));
        break;
    default:
        show("symlink", syscall(SYS_symlink, CHOOSE(targets, b[0]), path(b[1])));
    }
}

static void call_readlink(choice b) {
    show_bytes("readlink", syscall(SYS_readlink, path(b[0]), buffer, b[1] % 8));
}

static void call_stat(choice b) {
    struct stat found;
    memset(&found, 0, sizeof found);
    long result = b[1] % 3 == 0   ? syscall(SYS_stat, path(b[0]), &found)
                  : b[1] % 3 == 1 ? syscall(SYS_lstat, path(b[0]), &found)
                                  : syscall(SYS_fstat, CHOOSE(descriptors, b[2]), &found);
    if (show("stat", result) < 0)
        return;
    printf("  %o", found.st_mode);
    /* What directories have of these is for file systems to say. */
    if (!S_ISDIR(found.st_mode))
        printf(" %lu %ld", found.st_nlink, found.st_size);
    printf("\n");
}

static void call_access(choice b) {
    static const int modes[] = {F_OK, R_OK, W_OK, R_OK | W_OK, 8, -1};
    show("access", syscall(SYS_access, path(b[0]), CHOOSE(modes, b[1])));
}

static void call_chmod(choice b) {
    int mode = 0700 | (b[1] & 077);
    if (b[2] & 1)
        show("chmod", syscall(SYS_chmod, path(b[0]), mode));
    else
        show("fchmod", syscall(SYS_fchmod, CHOOSE(descriptors, b[0]), mode));
}

static void call_times(choice b) {
    static const struct timespec times[] = {{1, 5}, {1000000000, 999999999}};
    static const struct timespec wrong[] = {{0, 1000000000}, {0, 0}};
    show("utimensat", syscall(SYS_utimensat, AT_FDCWD, path(b[0]), b[1] % 8 ? times : wrong,
                              b[2] & 1 ? AT_SYMLINK_NOFOLLOW : 0));
    struct stat found;
    if (lstat(path(b[0]), &found) == 0 && found.st_mtim.tv_sec <= 1000000000)
        printf("  %ld.%09ld\n", found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

static int compare(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static void call_getdents(choice b) {
    int fd = CHOOSE(descriptors, b[0]);
    /* A directory is read from its beginning, and left there. */
    if (fcntl(fd, F_GETFL) != -1 && !(fcntl(fd, F_GETFL) & O_PATH))
        syscall(SYS_lseek, fd, 0, SEEK_SET);
    long size = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (show("getdents", size < 0 ? -1 : 0) != 0)
        return;
    syscall(SYS_lseek, fd, 0, SEEK_SET);
    const char *names[64];
    size_t count = 0;
    for (long at = 0; at < size && count < 64;) {
        names[count++] = buffer + at + 19;
        at += *(uint16_t *)(buffer + at + 16);
    }
    qsort(names, count, sizeof *names, compare);
    for (size_t at = 0; at < count; at++)
        printf("  %s %d\n", names[at], names[at][-1]);
}

static char *base;
static size_t base_size;

static void call_chdir(choice b) {
    if (b[1] % 3 == 0)
        show("fchdir", syscall(SYS_fchdir, CHOOSE(descriptors, b[0])));
    else
        show("chdir", syscall(SYS_chdir, path(b[0])));
    long size = syscall(SYS_getcwd, buffer, sizeof buffer);
    /* Above the directory that was given each system has its own files. */
    if (size > 0 && (size_t)size < base_size)
        syscall(SYS_chdir, base);
    else
        show("getcwd", size < 0 ? -1 : size - (long)base_size);
}

static void call_umask(choice b) {
    show("umask", syscall(SYS_umask, b[0] & 077));
}
