/*
 * adopted.c: prints what a call of getpid costs, one of clock_gettime, the same as a bare system
 * call, all in tenths of a nanosecond, and what some computing costs, in microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define CALLS  200000
#define ROUNDS 15

static long call(long number, long first, void *second) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

/* `syscall; ret` in the middle of another instruction: nobody replaces it. */
__attribute__((naked, noinline, used)) static void holder(void) {
    __asm__(".byte 0x48, 0xb9, 0x0f, 0x05, 0xc3, 0, 0, 0, 0, 0\n"
            "ret");
}

static volatile long two = 2;

static long bare(long number, long first, void *second) {
    long result;
    __asm__ volatile("call *%[at]"
                     : "=a"(result)
                     : [at] "r"((char *)holder + two), "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

static double now(void) {
    struct timespec time;
    call(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The least time of a call, in nanoseconds. */
static double measure(long (*way)(long, long, void *), long number) {
    struct timespec time;
    double least = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < CALLS; i++)
            way(number, CLOCK_MONOTONIC, &time);
        double taken = (now() - start) / CALLS;
        least = taken < least ? taken : least;
    }
    return least;
}

static int compare(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Numbers as strings, allocated and sorted. */
static double compute(void) {
    enum { COUNT = 50000 };
    static char *words[COUNT];
    double start = now();
    unsigned long state = 1;
    for (int i = 0; i < COUNT; i++) {
        char word[32];
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        int length = snprintf(word, sizeof word, "%lu", state >> 20);
        words[i] = strcpy(malloc((size_t)length + 1), word);
    }
    qsort(words, COUNT, sizeof *words, compare);
    for (int i = 0; i < COUNT; i++)
        free(words[i]);
    return now() - start;
}

int main(void) {
    double least = 1e12;
    for (int round = 0; round < ROUNDS; round++) {
        double taken = compute();
        least = taken < least ? taken : least;
    }
    printf("%.0f %.0f %.0f %.0f\n", measure(call, SYS_getpid) * 10,
           measure(call, SYS_clock_gettime) * 10, measure(bare, SYS_clock_gettime) * 10,
           least / 1000);
}
