/*
 * spawn.c: times whole programs against each other, one run of each in turn.
 *
 *     spawn ROUNDS -- PROGRAM [ARGS…] [-- PROGRAM [ARGS…]]…
 *
 * A line for each program: its times in nanoseconds, in the order of the rounds. A program that
 * does not end with status 0 ends the measurement.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { MOST_PROGRAMS = 16 };

extern char **environ;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t run(char **argv, const posix_spawn_file_actions_t *actions) {
    uint64_t start = now();
    pid_t child;
    int status;
    if (posix_spawnp(&child, argv[0], actions, NULL, argv, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "spawn: %s failed\n", argv[0]);
        exit(1);
    }
    return now() - start;
}

int main(int argc, char **argv) {
    char **programs[MOST_PROGRAMS];
    int count = 0;
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    for (int i = 2; i < argc && count < MOST_PROGRAMS; i++) {
        if (strcmp(argv[i], "--") != 0)
            continue;
        argv[i] = NULL;
        programs[count++] = &argv[i + 1];
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

    uint64_t *times = calloc((size_t)rounds * (size_t)count, sizeof *times);
    for (int i = 0; i < count; i++)
        run(programs[i], &actions); /* to warm up */
    for (long round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            times[i * rounds + round] = run(programs[i], &actions);
    for (int i = 0; i < count; i++)
        for (long round = 0; round < rounds; round++)
            printf("%llu%c", (unsigned long long)times[i * rounds + round],
                   round + 1 == rounds ? '\n' : ' ');
    return 0;
}
