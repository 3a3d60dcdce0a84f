/*
 * same_calls.c: makes the system calls that its second argument lists, in the directory of its
 * first, and prints what each returns. What it prints is the same wherever Linux's rules are kept:
 * no addresses, times, or numbers of files. Eight bytes, in hexadecimal, are a call: which, and
 * what with. No call waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define CHOOSE(list, number) ((list)[(number) % (sizeof(list) / sizeof *(list))])

/* What a call is made with. */
typedef const uint8_t *choice;

static const char *const paths[] = {
    "a", "b", "c",  "d",   "d/a", "d/b",    "d/e", "l",   "d/l", "d/../a", "a/",     "d/",
    "",  ".", "..", "d/.", "./d", "nope/x", "a/x", "l/a", "p",   "d/e/a",  "//d//a", "d/.."};
static const char *const targets[] = {"a", "d", "../a", "nope", "l", "d/l", ".", "d/e"};
/* Not among them: what takes the place of standard input or output. */
static const int descriptors[] = {3, 4, 5, 6, 7, 8, 9, 10, -1, 99, 3, 4};
static const long offsets[] = {0, 1, 7, 100, 4095, 4096, 5000, -1, -5000, 1l << 40, 12, 3};
static const size_t sizes[] = {0, 1, 5, 64, 511, 4096, 5000, 9000};

static char buffer[1 << 16];
static char long_name[300];

static const char *path(uint8_t number) {
    if (number == 255)
        return long_name;
    return CHOOSE(paths, number);
}

/* Content that is different in each place. */
static void fill(uint8_t number) {
    for (size_t at = 0; at < 10000; at++)
        buffer[at] = (char)('a' + (at * 7 + number + at / 97) % 26);
}

static unsigned sum(const void *bytes, long size) {
    unsigned total = 5381;
    for (long at = 0; at < size; at++)
        total = total * 33 + ((const uint8_t *)bytes)[at];
    return total;
}

static long show(const char *what, long result) {
    int error = errno;
    printf("%s %ld", what, result);
    if (result == -1)
        printf(" %s", strerrorname_np(error));
    printf("\n");
    return result;
}

/* Shows a result that is the number of bytes in the buffer. */
static void show_bytes(const char *what, long result) {
    if (show(what, result) > 0)
        printf("  %08x\n", sum(buffer, result));
}

/* ---- Descriptors and content ---- */

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

/* ---- Names ---- */

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

/* ---- Memory ---- */

#define MAPPED 8

static struct {
    char *at;
    size_t size;
    int moves;
} mapped[MAPPED];

static void call_mmap(choice b) {
    static const int protections[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE};
    int which = b[0] % MAPPED;
    if (mapped[which].at != NULL)
        syscall(SYS_munmap, mapped[which].at, mapped[which].size);
    mapped[which].at = NULL;
    size_t size = CHOOSE(sizes, b[1]);
    int protection = CHOOSE(protections, b[2]);
    int flags = b[3] % 3 == 0 ? MAP_SHARED : MAP_PRIVATE;
    int fd = CHOOSE(descriptors, b[4]);
    if (b[3] & 8)
        flags |= MAP_ANONYMOUS;
    long at = syscall(SYS_mmap, NULL, size, protection, flags, fd, b[5] % 8 == 0 ? 4096 : 0);
    show("mmap", at == -1 ? -1 : 0);
    if (at == -1)
        return;
    mapped[which].at = (char *)at;
    mapped[which].size = size;
    mapped[which].moves = flags & MAP_PRIVATE;
    /* Behind the end of a file there is nothing to read. */
    struct stat found;
    if ((flags & MAP_ANONYMOUS) || (fstat(fd, &found) == 0 && found.st_size > 4096 + (long)size)) {
        if (protection & PROT_WRITE)
            ((char *)at)[size / 2] = 'M';
        if (protection & PROT_READ)
            printf("  %08x\n", sum((char *)at, (long)size));
    }
}

static void call_memory(choice b) {
    int which = b[0] % MAPPED;
    char *at = mapped[which].at;
    size_t size = mapped[which].size;
    if (at == NULL)
        return;
    long moved;
    switch (b[1] % 5) {
    case 0:
        show("munmap", syscall(SYS_munmap, at, size));
        mapped[which].at = NULL;
        break;
    case 1:
        show("mprotect", syscall(SYS_mprotect, at, size, b[2] & 1 ? PROT_READ : PROT_READ | 2));
        break;
    case 2:
        show("munmap", syscall(SYS_munmap, at + 1, size));
        break;
    case 3:
        /* What shares a file's content stays where it is in a unikernel. */
        if (!mapped[which].moves)
            break;
        moved = syscall(SYS_mremap, at, size, CHOOSE(sizes, b[2]), b[3] & 1 ? MREMAP_MAYMOVE : 0);
        if (b[3] & 1)
            show("mremap", moved == -1 ? -1 : 0);
        if (moved != -1) {
            mapped[which].at = (char *)moved;
            mapped[which].size = CHOOSE(sizes, b[2]);
        }
        break;
    default:
        show("msync", syscall(SYS_msync, at, size, MS_SYNC));
    }
}

static void call_brk(choice b) {
    char *end = sbrk(0);
    show("brk", brk(end + CHOOSE(sizes, b[0])) == 0 ? 0 : -1);
    printf("  %08x\n", sum(end, (long)CHOOSE(sizes, b[0])));
    brk(end);
}

/* ---- Signals and clocks ---- */

static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGALRM, SIGCHLD, 40, SIGWINCH};
static volatile sig_atomic_t handled;

static void handler(int signal) {
    handled = handled * 100 + signal;
}

static void handler_with_info(int signal, siginfo_t *info, void *context) {
    (void)context;
    handled = handled * 100 + signal + (info->si_code == SI_USER) + (info->si_code == SI_TKILL) * 2;
}

static void call_sigaction(choice b) {
    static const int flags[] = {0, SA_NODEFER, SA_RESETHAND, SA_RESTART, SA_ONSTACK};
    struct sigaction action = {.sa_flags = CHOOSE(flags, b[1])}, old;
    int number = b[3] % 16 == 0 ? (b[0] & 1 ? SIGKILL : 99) : CHOOSE(signals, b[0]);
    /* Who runs this program does not know an end by a real-time signal. */
    if (number == 40)
        action.sa_flags &= ~(int)SA_RESETHAND;
    if (b[2] % 3 == 0) {
        action.sa_sigaction = handler_with_info;
        action.sa_flags |= SA_SIGINFO;
    } else
        action.sa_handler = b[2] % 3 == 1 ? handler : SIG_IGN;
    if (b[4] & 1)
        sigaddset(&action.sa_mask, CHOOSE(signals, b[5]));
    if (show("sigaction", sigaction(number, &action, &old)) == 0)
        printf("  %x\n", (unsigned)old.sa_flags);
}

static void call_sigmask(choice b) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, CHOOSE(signals, b[0]));
    sigaddset(&set, CHOOSE(signals, b[1]));
    if (show("sigprocmask", sigprocmask(b[2] % 4, &set, &old)) != 0)
        return;
    for (size_t at = 0; at < sizeof signals / sizeof *signals; at++)
        printf(" %d", sigismember(&old, signals[at]));
    printf("\n");
}

/* Sends a signal that is ignored, has a handler, or is blocked: another one would be the end. */
static void call_kill(choice b) {
    int number = CHOOSE(signals, b[0]);
    struct sigaction action;
    sigset_t mask;
    sigaction(number, NULL, &action);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    if (action.sa_handler == SIG_DFL && number != SIGCHLD && number != SIGWINCH)
        return;
    show("kill", b[1] & 1 ? syscall(SYS_kill, getpid(), number)
                          : syscall(SYS_tgkill, getpid(), gettid(), number));
}

static void call_pending(choice b) {
    sigset_t set;
    show("sigpending", sigpending(&set));
    for (size_t at = 0; at < sizeof signals / sizeof *signals; at++)
        printf(" %d", sigismember(&set, signals[at]));
    printf("\n");
    if (b[0] % 4 == 0) {
        struct timespec none = {0, 0};
        siginfo_t info;
        show("sigtimedwait", sigtimedwait(&set, &info, &none));
    }
}

static void call_clock(choice b) {
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, 99, -1};
    static struct timespec last[3];
    int which = b[0] % 5;
    struct timespec now;
    show("clock_gettime", syscall(SYS_clock_gettime, CHOOSE(clocks, b[0]), &now));
    if (which == 1 || which == 2) {
        if (now.tv_sec < last[which].tv_sec ||
            (now.tv_sec == last[which].tv_sec && now.tv_nsec < last[which].tv_nsec))
            printf("  goes back\n");
        last[which] = now;
    }
    struct timespec wait = {0, b[1] % 8 == 0 ? 1000000000 : b[1]};
    show("nanosleep", syscall(SYS_nanosleep, &wait, NULL));
}

static void (*const calls[])(choice b) = {
    call_open,     call_open,     call_open,     call_openat,  call_close,   call_read,
    call_pread,    call_write,    call_write,    call_pwrite,  call_vectors, call_lseek,
    call_dup,      call_fcntl,    call_pipe,     call_poll,    call_select,  call_copy,
    call_mkdir,    call_remove,   call_rename,   call_link,    call_stat,    call_access,
    call_chmod,    call_times,    call_chdir,    call_umask,   call_mmap,    call_memory,
    call_brk,      call_sigmask,  call_kill,     call_pending, call_clock,   call_sigaction,
    call_readlink, call_getdents, call_truncate,
};

static int digit(char character) {
    return character <= '9' ? character - '0' : character - 'a' + 10;
}

/* Goes to a new directory, so far below another that no sequence of calls leaves that. */
static int begin(const char *directory) {
    if (chdir(directory) != 0)
        return -1;
    for (int depth = 0; depth < 5; depth++) {
        if (mkdir("x", 0700) != 0 || chdir("x") != 0)
            return -1;
    }
    base = getcwd(NULL, 0);
    base_size = strlen(base) + 1;
    return 0;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    if (count < 3 || begin(words[1]) != 0)
        return 1;
    umask(0);
    signal(SIGPIPE, SIG_IGN);
    close_range(3, ~0u, 0);
    /* Something to begin with, whatever the calls are. */
    int ends[2];
    if (open("a", O_RDWR | O_CREAT, 0700) != 3 || mkdir("d", 0700) != 0 || symlink("a", "l") != 0 ||
        pipe2(ends, O_NONBLOCK) != 0 || open("d/a", O_RDWR | O_CREAT, 0700) != 6)
        return 1;
    memset(long_name, 'n', sizeof long_name - 1);
    const char *text = words[2];
    for (int number = 0; strlen(text) >= 16; number++, text += 16) {
        uint8_t bytes[8];
        for (int at = 0; at < 8; at++)
            bytes[at] = (uint8_t)(digit(text[2 * at]) * 16 + digit(text[2 * at + 1]));
        printf("%d: ", number);
        CHOOSE(calls, bytes[0])(bytes + 1);
        if (handled != 0)
            printf("  handled %d\n", handled);
        handled = 0;
    }
    return 0;
}
