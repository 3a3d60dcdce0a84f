/* common.h: what calls are made with, and how their results are shown. */
#pragma once
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
