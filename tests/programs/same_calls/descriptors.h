/* descriptors.h: calls about descriptors and their content. */
#pragma once
#include "common.h"

static const int open_flags[] = {O_RDONLY,
                                 O_WRONLY,
                                 O_RDWR,
                                 O_RDWR | O_CREAT,
                                 O_WRONLY | O_CREAT | O_EXCL,
                                 O_RDWR | O_CREAT | O_TRUNC,
                                 O_WRONLY | O_APPEND | O_CREAT,
                                 O_RDONLY | O_DIRECTORY,
                                 O_RDONLY | O_NOFOLLOW,
                                 O_PATH,
                                 O_PATH | O_NOFOLLOW,
                                 O_RDWR | O_APPEND,
                                 O_RDONLY | O_CREAT,
                                 O_RDONLY | O_TRUNC,
                                 O_RDWR | O_CREAT | O_CLOEXEC,
                                 O_DIRECTORY | O_CREAT,
                                 O_RDWR | O_DIRECTORY};

static void call_open(choice b) {
    int flags = CHOOSE(open_flags, b[1]) | O_NONBLOCK;
    show("open", syscall(SYS_open, path(b[0]), flags, 0700 | (b[2] & 077)));
}

static void call_openat(choice b) {
    int flags = CHOOSE(open_flags, b[1]) | O_NONBLOCK;
    show("openat", syscall(SYS_openat, CHOOSE(descriptors, b[2]), path(b[0]), flags, 0700));
}

static void call_close(choice b) {
    show("close", syscall(SYS_close, CHOOSE(descriptors, b[0])));
}

static void call_read(choice b) {
    show_bytes("read", syscall(SYS_read, CHOOSE(descriptors, b[0]), buffer, CHOOSE(sizes, b[1])));
}

static void call_pread(choice b) {
    show_bytes("pread", syscall(SYS_pread64, CHOOSE(descriptors, b[0]), buffer, CHOOSE(sizes, b[1]),
                                CHOOSE(offsets, b[2])));
}

static void call_write(choice b) {
    fill(b[2]);
    show("write", syscall(SYS_write, CHOOSE(descriptors, b[0]), buffer, CHOOSE(sizes, b[1])));
}

/* Where a file can be as long as a disk, it is not made so long. */
static long near(uint8_t number) {
    long offset = CHOOSE(offsets, number);
    return offset == 1l << 40 ? 20000 : offset;
}

static void call_pwrite(choice b) {
    fill(b[3]);
    show("pwrite",
         syscall(SYS_pwrite64, CHOOSE(descriptors, b[0]), buffer, CHOOSE(sizes, b[1]), near(b[2])));
}

static void call_vectors(choice b) {
    struct iovec parts[3] = {
        {buffer, CHOOSE(sizes, b[1])}, {buffer + 10000, CHOOSE(sizes, b[2])}, {buffer + 20000, 3}};
    int fd = CHOOSE(descriptors, b[0]), count = b[3] % 5 - 1;
    if (count > 3)
        count = 3;
    fill(b[4]);
    if (b[5] & 1)
        show("readv", syscall(SYS_readv, fd, parts, count));
    else
        show("writev", syscall(SYS_writev, fd, parts, count));
    printf("  %08x\n", sum(buffer, 5000));
}

static void call_lseek(choice b) {
    static const int origins[] = {SEEK_SET, SEEK_CUR, SEEK_END, 9};
    int fd = CHOOSE(descriptors, b[0]);
    struct stat found;
    /* Where one can go to in a directory is for file systems to say. */
    if (fstat(fd, &found) != 0 || !S_ISDIR(found.st_mode))
        show("lseek", syscall(SYS_lseek, fd, near(b[1]), CHOOSE(origins, b[2])));
}

static void call_truncate(choice b) {
    if (b[2] & 1)
        show("truncate", syscall(SYS_truncate, path(b[0]), near(b[1])));
    else
        show("ftruncate", syscall(SYS_ftruncate, CHOOSE(descriptors, b[0]), near(b[1])));
}

static void call_dup(choice b) {
    int fd = CHOOSE(descriptors, b[0]), other = 3 + b[1] % 8;
    if (b[2] % 3 == 0)
        show("dup", syscall(SYS_dup, fd));
    else if (b[2] % 3 == 1)
        show("dup2", syscall(SYS_dup2, fd, other));
    else
        show("dup3", syscall(SYS_dup3, fd, other, b[3] & 1 ? O_CLOEXEC : b[3] & 2));
}

static void call_fcntl(choice b) {
    int fd = CHOOSE(descriptors, b[0]);
    switch (b[1] % 6) {
    case 0:
        show("F_GETFD", syscall(SYS_fcntl, fd, F_GETFD));
        break;
    case 1:
        show("F_SETFD", syscall(SYS_fcntl, fd, F_SETFD, b[2] & 1));
        break;
    case 2:
        show("F_GETFL", syscall(SYS_fcntl, fd, F_GETFL));
        break;
    case 3:
        show("F_SETFL", syscall(SYS_fcntl, fd, F_SETFL, O_NONBLOCK | (b[2] & 1 ? O_APPEND : 0)));
        break;
    case 4:
        show("F_DUPFD", syscall(SYS_fcntl, fd, b[3] & 1 ? F_DUPFD : F_DUPFD_CLOEXEC, b[2] % 12));
        break;
    default:
        show("fcntl", syscall(SYS_fcntl, fd, 777, 0));
    }
}

static void call_pipe(choice b) {
    int ends[2] = {-1, -1};
    show("pipe2", syscall(SYS_pipe2, ends, O_NONBLOCK | (b[0] & 1 ? O_CLOEXEC : 0)));
    printf("  %d %d\n", ends[0], ends[1]);
}

static void call_poll(choice b) {
    static const short events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT, 0};
    struct pollfd polled[3];
    for (int at = 0; at < 3; at++)
        polled[at] = (struct pollfd){CHOOSE(descriptors, b[at]), CHOOSE(events, b[3 + at]), -1};
    show("poll", syscall(SYS_poll, polled, 3, 0));
    printf("  %x %x %x\n", polled[0].revents, polled[1].revents, polled[2].revents);
}

static void call_select(choice b) {
    fd_set reads, writes;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    for (int at = 0; at < 4; at++)
        FD_SET(3 + b[at] % 8, at & 1 ? &reads : &writes);
    struct timeval none = {0, 0};
    show("select", syscall(SYS_select, 11, &reads, &writes, NULL, &none));
    printf("  %08x %08x\n", sum(&reads, 8), sum(&writes, 8));
}

static void call_copy(choice b) {
    int from = CHOOSE(descriptors, b[0]), to = CHOOSE(descriptors, b[1]);
    /* What a file is copied to within itself depends on the size of a kernel's pages. */
    struct stat one = {0}, other = {0};
    if (fstat(from, &one) == 0 && fstat(to, &other) == 0 && one.st_ino == other.st_ino)
        return;
    loff_t offset = near(b[2]);
    loff_t *where = b[3] & 1 ? &offset : NULL;
    /* What a file has sent to a pipe changes there when the file is written to. */
    size_t size = S_ISFIFO(other.st_mode) ? 0 : CHOOSE(sizes, b[4]);
    show("sendfile", syscall(SYS_sendfile, to, from, where, size));
    printf("  %ld\n", (long)offset);
}
