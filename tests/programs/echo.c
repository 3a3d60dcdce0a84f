/*
 * echo.c: writes what it reads. With an argument, it reads and writes that file; with two, it reads
 * the first and writes the second; otherwise standard input and output. It says that it is ready
 * before. It does without vector instructions, so that every KVM can run it.
 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static char buffer[100000];

static int write_all(int fd, const char *bytes, long size) {
    while (size > 0) {
        long written = write(fd, bytes, (size_t)size);
        if (written <= 0)
            return 1;
        bytes += written;
        size -= written;
    }
    return 0;
}

int main(int count, char **words) {
    /* What stands on standard input by now, the next starts do not have. */
    poll(&(struct pollfd){0, POLLIN, 0}, 1, -1);
    open("/dev/soloden/ready", O_RDONLY);
    int input = 0, output = 1;
    if (count == 2)
        input = output = open(words[1], O_RDWR);
    else if (count == 3) {
        input = open(words[1], O_RDONLY);
        output = open(words[2], O_WRONLY);
    }
    if (input < 0 || output < 0)
        return 2;
    for (;;) {
        struct pollfd polled = {input, POLLIN, 0};
        if (poll(&polled, 1, -1) != 1)
            return 3;
        long size = read(input, buffer, sizeof buffer);
        if (size <= 0)
            return size < 0;
        if (write_all(output, buffer, size) != 0)
            return 4;
    }
}
