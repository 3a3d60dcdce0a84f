/*
 * edges.c: system calls at the edges of what they allow, where more than one error could be said.
 * Prints what each returns. It works in a new directory of its first argument.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHOW(call) show(#call, (long)(call))

static void show(const char *what, long result) {
    printf("%s: %ld%s%s\n", what, result, result == -1 ? " " : "",
           result == -1 ? strerrorname_np(errno) : "");
}

static char buffer[4096];

static void pipes(int file) {
    int ends[2];
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(pread(ends[1], buffer, 1, 0));
    SHOW(pwrite(ends[0], buffer, 1, 0));
    SHOW(lseek(ends[0], 0, 9));
    SHOW(sendfile(ends[1], file, NULL, 0));
    SHOW(sendfile(file, ends[0], &(off_t){0}, 1));
    SHOW(sendfile(file, ends[0], NULL, 0));
    SHOW(fcntl(ends[1], F_SETFL, O_NONBLOCK | O_APPEND));
    SHOW(sendfile(ends[1], file, &(off_t){0}, 3));
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ends[1], 0) == MAP_FAILED ? -1 : 0);
    struct stat found;
    fstat(ends[0], &found);
    SHOW(found.st_nlink);
    close(ends[0]);
    SHOW(write(ends[1], buffer, 0));
    SHOW(sendfile(ends[1], file, NULL, 0));
    close(ends[1]);
    SHOW(pread(ends[1], buffer, 1, 0));
    int writes = open("file", O_WRONLY);
    SHOW(pread(writes, buffer, 1, 0));
    SHOW(pread(writes, buffer, 1, -1));
    close(writes);
}

static void names_alone(void) {
    int fd = open("file", O_PATH);
    SHOW(fcntl(fd, F_GETFL));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW(fchmod(fd, 0700));
    SHOW(fchown(fd, 0, 0));
    SHOW(ftruncate(fd, 1));
    SHOW(lseek(fd, 0, SEEK_SET));
    struct pollfd polled = {fd, POLLIN, 0};
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    SHOW(select(fd + 1, &set, NULL, NULL, &(struct timeval){0, 0}));
    close(fd);
}

static void content(int file) {
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0);
    int reads = open("file", O_RDONLY);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reads, 0);
    SHOW(mprotect(shared, 4096, PROT_READ | PROT_WRITE));
    SHOW(mprotect(shared, 4096, PROT_NONE));
    SHOW(msync(shared, 4096, MS_SYNC));
    SHOW(mprotect(shared, 4096, PROT_WRITE));
    char *private = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, reads, 0);
    SHOW(mprotect(private, 4096, PROT_READ | PROT_WRITE));
    close(reads);
    int appends = open("file", O_RDWR | O_APPEND);
    SHOW(write(appends, buffer, 0));
    SHOW(lseek(appends, 0, SEEK_CUR));
    SHOW(sendfile(appends, file, NULL, 0));
    SHOW(sendfile(file, open(".", O_RDONLY), NULL, 0));
    SHOW(sendfile(file, appends, &(off_t){-1}, 1));
}

static void names(void) {
    SHOW(readlink("", buffer, 9));
    SHOW(mkdir("one", 0700));
    SHOW(link("one", "other/"));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "file", 3));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "..", 1));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "none", 2));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "file", 2));
    SHOW(open("file", O_RDWR));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "file", 2));
    SHOW(mkdir("one/two", 0700));
    SHOW(mkdir("one/two/three", 0700));
    SHOW(renameat2(AT_FDCWD, "one", AT_FDCWD, "one/two", 2));
    SHOW(renameat2(AT_FDCWD, "one/two/three", AT_FDCWD, "file", 2));
    SHOW(rename("file", "one/two/up"));
    SHOW(chdir("one/two/up"));
    SHOW(mkdir("down", 0700));
    SHOW(renameat2(AT_FDCWD, "down", AT_FDCWD, "../three", 2));
    SHOW(rmdir("../three"));
    SHOW(unlink("down"));
    SHOW(rmdir("../up"));
    SHOW(mkdir("none", 0700));
    SHOW(open("none", O_RDWR | O_CREAT, 0700));
    SHOW(rmdir("../../two"));
    SHOW(stat("..", &(struct stat){0}));
    SHOW(chdir(".."));
    SHOW(mkdir("none", 0700));
    SHOW(syscall(SYS_getcwd, buffer, sizeof buffer) < 0 ? -1 : 0);
    SHOW(chdir(".."));
    SHOW(rmdir("two"));
}

static volatile long handled;

static void handle(int signal) {
    handled = handled * 100 + signal;
}

static void signals(void) {
    sigset_t all, some;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    struct timespec none = {0, 0};
    SHOW(kill(getpid(), SIGUSR1));
    SHOW(raise(SIGTERM));
    SHOW(kill(getpid(), SIGHUP));
    SHOW(sigtimedwait(&all, NULL, &none));
    SHOW(sigtimedwait(&all, NULL, &none));
    signal(SIGUSR1, SIG_IGN);
    sigpending(&some);
    SHOW(sigismember(&some, SIGUSR1));
    signal(SIGUSR2, handle);
    signal(40, handle);
    for (int times = 0; times < 3; times++) {
        SHOW(kill(getpid(), SIGUSR2));
        SHOW(kill(getpid(), 40));
    }
    SHOW(raise(SIGUSR2));
    SHOW(raise(SIGHUP));
    SHOW(raise(SIGFPE));
    SHOW(sigtimedwait(&all, NULL, &none));
    SHOW(sigtimedwait(&all, NULL, &none));
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    SHOW(handled);
}

static void processors(void) {
    static const unsigned long none = 0, first = 1;
    SHOW(syscall(SYS_sched_setaffinity, 0, sizeof none, &none));
    SHOW(syscall(SYS_sched_setaffinity, 0, 0, &first));
    SHOW(syscall(SYS_sched_setaffinity, -1, sizeof first, &first));
    SHOW(syscall(SYS_sched_setaffinity, -1, sizeof first, NULL));
}

static long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What is waited for is not used. */
static void time_used(void) {
    long begun = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    usleep(10000);
    poll(NULL, 0, 10);
    used = now(CLOCK_PROCESS_CPUTIME_ID) - used;
    SHOW(now(CLOCK_MONOTONIC) - begun - used >= 19000000);
}

int main(int count, char **words) {
    if (count < 2 || chdir(words[1]) != 0 || mkdir("work", 0700) != 0 || chdir("work") != 0)
        return 1;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    signal(SIGPIPE, SIG_IGN);
    int file = open("file", O_RDWR | O_CREAT, 0700);
    SHOW(write(file, buffer, 100));
    pipes(file);
    names_alone();
    content(file);
    names();
    signals();
    processors();
    time_used();
    return 0;
}
