/*
 * streams.c: pipes, and waiting for them; new names; and calls that copy between files. Prints what
 * each returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char buffer[1 << 17];

static void show(const char *what, long result) {
    printf("%s %ld%s%s\n", what, result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
}

static void show_events(const char *what, int fd) {
    struct pollfd polled = {fd, POLLIN | POLLOUT, 0};
    int ready = poll(&polled, 1, 0);
    printf("%s: %d %x\n", what, ready, polled.revents);
}

static void pipes(void) {
    int ends[2];
    show("pipe2", pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    printf("flags %x %x\n", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL));
    show("read of nothing", read(ends[0], buffer, 10));
    show_events("empty, to read", ends[0]);
    show_events("empty, to write", ends[1]);
    show("write", write(ends[1], "hello, world", 12));
    int left = 0;
    show("FIONREAD", ioctl(ends[0], FIONREAD, &left));
    show("left", left);
    show_events("filled, to read", ends[0]);
    show("read", read(ends[0], buffer, 5));
    show("and more", read(ends[0], buffer, 100));
    printf("%.7s\n", buffer);
    show("write much", write(ends[1], buffer, sizeof buffer));
    show_events("full, to write", ends[1]);
    show("write into the full one", write(ends[1], buffer, 100));
    show("read much", read(ends[0], buffer, sizeof buffer));
    show("lseek", lseek(ends[0], 0, SEEK_SET));
    show("read of the other end", read(ends[1], buffer, 1));
    close(ends[1]);
    show_events("without a writer", ends[0]);
    show("end of file", read(ends[0], buffer, 10));
    close(ends[0]);
}

static int broken;

static void on_pipe(int signal) {
    broken = signal;
}

static void without_reader(void) {
    int ends[2];
    if (pipe(ends) != 0)
        return;
    signal(SIGPIPE, on_pipe);
    close(ends[0]);
    show("write without a reader", write(ends[1], "x", 1));
    show("signal", broken);
    show_events("without a reader", ends[1]);
    close(ends[1]);
}

static void selects(void) {
    int ends[2];
    if (pipe(ends) != 0)
        return;
    fd_set to_read, to_write;
    struct timeval moment = {0, 1000};
    FD_ZERO(&to_read);
    FD_SET(ends[0], &to_read);
    show("select, over in time", select(ends[1] + 1, &to_read, NULL, NULL, &moment));
    if (write(ends[1], "x", 1) != 1)
        return;
    FD_ZERO(&to_write);
    FD_SET(ends[0], &to_read);
    FD_SET(ends[1], &to_write);
    show("select", select(ends[1] + 1, &to_read, &to_write, NULL, NULL));
    printf("%d %d %d\n", FD_ISSET(ends[0], &to_read) != 0, FD_ISSET(ends[1], &to_read) != 0,
           FD_ISSET(ends[1], &to_write) != 0);
    close(ends[1]);
    close(ends[0]);
    show("select of none", select(ends[0] + 1, &to_read, NULL, NULL, &moment));
}

static void named(void) {
    show("mkfifo", mkfifo("fifo", 0600));
    int writer = open("fifo", O_WRONLY | O_NONBLOCK);
    show("open to write", writer);
    int both = open("fifo", O_RDWR);
    show("write", write(both, "named", 5));
    show("read", read(both, buffer, 100));
    close(both);
    show("unlink", unlink("fifo"));
}

static void new_names(void) {
    show("mkdir", mkdir("directory/", 0700));
    show("mkdir again", mkdir("directory/", 0700));
    show("mkfifo with a slash", mkfifo("other/", 0600));
    show("symlink with a slash", symlink("directory", "other/"));
    show("link of a directory", link("directory", "other"));
    show("link of a directory with a slash", link("directory", "other/"));
    show("link where there is one", link("from", "directory/"));
    show("rmdir", rmdir("directory/"));
}

static void copies(void) {
    int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600);
    int ends[2];
    if (pipe(ends) != 0 || write(from, "0123456789", 10) != 10)
        return;
    off_t at = 2;
    show("sendfile", sendfile(to, from, &at, 5));
    show("offset", at);
    show("sendfile to a pipe", sendfile(ends[1], from, &at, 100));
    show("read", read(ends[0], buffer, 100));
    loff_t in = 8, out = 100;
    show("copy_file_range", copy_file_range(from, &in, to, &out, 100, 0));
    show("size", lseek(to, 0, SEEK_END));
    show("of itself", copy_file_range(to, &(loff_t){0}, to, &(loff_t){1}, 10, 0));
    show("fallocate", fallocate(to, 0, 0, 5000));
    show("size", lseek(to, 0, SEEK_END));
    show("fallocate, keeping", fallocate(to, FALLOC_FL_KEEP_SIZE, 0, 9000));
    show("size", lseek(to, 0, SEEK_END));
    show("close_range", syscall(SYS_close_range, from, ~0u, 0));
    show("closed", fcntl(ends[1], F_GETFD));
}

static void unnamed(void) {
    int memory = memfd_create("memory", MFD_CLOEXEC);
    show("memfd_create", write(memory, "bytes", 5));
    struct stat found;
    show("fstat", fstat(memory, &found));
    printf("%o %ld\n", found.st_mode, (long)found.st_size);
    int file = open(".", O_TMPFILE | O_RDWR, 0600);
    show("unnamed file", write(file, "bytes", 5));
    show("its links", fstat(file, &found) == 0 ? (long)found.st_nlink : -1);
}

static void times(void) {
    int fd = open("times", O_RDWR | O_CREAT, 0600);
    struct timespec given[] = {{1000, 5}, {2000, 7}};
    struct stat found;
    show("futimens", futimens(fd, given));
    given[0].tv_nsec = UTIME_OMIT;
    given[1].tv_sec = 3000;
    show("utimensat", utimensat(AT_FDCWD, "times", given, 0));
    fstat(fd, &found);
    printf("%ld.%ld %ld.%ld\n", found.st_atim.tv_sec, found.st_atim.tv_nsec, found.st_mtim.tv_sec,
           found.st_mtim.tv_nsec);
}

int main(void) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    umask(022);
    pipes();
    without_reader();
    selects();
    named();
    new_names();
    copies();
    unnamed();
    times();
    return 0;
}
