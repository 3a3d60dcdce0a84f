/*
 * plain_block.c: what tests/guests/bench_block.c does, as an ordinary program.
 *
 *     plain_block PATH BLOCK-SIZE COUNT
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[4096];

int main(int argc, char **argv) {
    if (argc != 4)
        return 1;
    int fd = open(argv[1], O_RDWR);
    off_t capacity = lseek(fd, 0, SEEK_END), at = 0;
    size_t size = (size_t)atol(argv[2]);
    for (long count = atol(argv[3]); count > 0; count--) {
        if (pread(fd, buffer, size, at) != (ssize_t)size)
            return 1;
        at = at + (off_t)size < capacity ? at + (off_t)size : 0;
    }
    return 0;
}
