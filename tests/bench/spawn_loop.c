/*
 * spawn_loop.c: starts a program and waits for its end, over and over.
 *
 *     spawn_loop COUNT PROGRAM
 *
 * Prints the time of one start and end, in nanoseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 1;
    long count = strtol(argv[1], NULL, 10);
    char *none[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    uint64_t start = now();
    for (long i = 0; i < count; i++) {
        pid_t child;
        int status;
        if (posix_spawn(&child, argv[2], &actions, NULL, argv + 2, none) != 0 ||
            waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "spawn_loop: %s failed\n", argv[2]);
            return 1;
        }
    }
    printf("%llu\n", (unsigned long long)(now() - start) / (unsigned long long)count);
    return 0;
}
