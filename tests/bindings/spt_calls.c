/*
 * spt_calls.c: spt's start, console and devices, on a simulated kernel whose answers the test
 * decides. It has a function for each test of calls_test.ts, and is called with their names.
 */
#include <setjmp.h>
#include <stdint.h>

#include "check.h"

/* In place of the machine's. */
#define LINUX_X86_64_H
#define LINUX_AARCH64_H
enum linux_call { LINUX_READ, LINUX_WRITE, LINUX_PREAD64, LINUX_PWRITE64, LINUX_EXIT_GROUP };
static long linux_call4(enum linux_call number, long a, long b, long c, long d);
static long linux_set_thread_pointer(uintptr_t base);

/* The host's programs have one already. */
#include "spt/devices.c"
#include "spt/platform.c"
#include "spt/start.c"

/* What the kernel answers next, and what it was asked last. */
static const long *answers;
static struct {
    enum linux_call number;
    long a, b, c, d;
} asked;
static char printed[64];
static uintptr_t thread_pointer = 1;
static int epoll, timer;
static struct boot booted;
static jmp_buf started;

static long linux_call4(enum linux_call number, long a, long b, long c, long d) {
    asked.number = number;
    asked.a = a, asked.b = b, asked.c = c, asked.d = d;
    long answer = *answers++;
    if (number == LINUX_WRITE && answer > 0 && a == LINUX_STDOUT)
        strncat(printed, (const char *)b, (size_t)answer);
    return answer;
}

static long linux_set_thread_pointer(uintptr_t base) {
    thread_pointer = base;
    return 0;
}

void clock_init(int epollfd, int timerfd) {
    epoll = epollfd, timer = timerfd;
}

_Noreturn void start(const struct boot *boot) {
    booted = *boot;
    longjmp(started, 1);
}

static const struct mft_entry device = {.b.hostfd = 9};

const struct mft_entry *device_entry(solo5_handle_t handle, mft_type_t type) {
    (void)handle, (void)type;
    return &device;
}

/* What comes of a transfer of 512 bytes. */
static const struct {
    long answer;
    solo5_result_t result;
} transfers[] = {
    {512, SOLO5_R_OK},
    {0, SOLO5_R_EUNSPEC},
    {511, SOLO5_R_EUNSPEC},
    {-LINUX_EAGAIN, SOLO5_R_AGAIN},
    {-LINUX_EINVAL, SOLO5_R_EINVAL},
    {-5, SOLO5_R_EUNSPEC},
    {-LINUX_EINTR, SOLO5_R_EUNSPEC},
};

static int blocks(void) {
    uint8_t buffer[512];
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
        answers = &transfers[i].answer;
        CHECK(platform_block_read(1, 1024, buffer, 512) == transfers[i].result);
        CHECK(asked.number == LINUX_PREAD64 && asked.a == 9 && asked.b == (long)buffer);
        CHECK(asked.c == 512 && asked.d == 1024);
        answers = &transfers[i].answer;
        CHECK(platform_block_write(1, 1536, buffer, 512) == transfers[i].result);
        CHECK(asked.number == LINUX_PWRITE64 && asked.a == 9 && asked.b == (long)buffer);
        CHECK(asked.c == 512 && asked.d == 1536);
    }
    return 0;
}

static int frames(void) {
    uint8_t buffer[1514];
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
        answers = &transfers[i].answer;
        CHECK(platform_net_write(2, buffer, 512) == transfers[i].result);
        CHECK(asked.number == LINUX_WRITE && asked.a == 9 && asked.c == 512);
    }
    size_t size = 7;
    static const long none = -LINUX_EAGAIN, refused = -LINUX_EINVAL, one = 60, empty = 0;
    answers = &none;
    CHECK(platform_net_read(2, buffer, sizeof buffer, &size) == SOLO5_R_AGAIN && size == 7);
    answers = &refused;
    CHECK(platform_net_read(2, buffer, sizeof buffer, &size) == SOLO5_R_EINVAL && size == 7);
    answers = &one;
    CHECK(platform_net_read(2, buffer, sizeof buffer, &size) == SOLO5_R_OK && size == 60);
    CHECK(asked.number == LINUX_READ && asked.a == 9 && asked.c == sizeof buffer);
    answers = &empty;
    CHECK(platform_net_read(2, buffer, sizeof buffer, &size) == SOLO5_R_OK && size == 0);
    return 0;
}

static int console(void) {
    static const long pieces[] = {2, -LINUX_EINTR, 1, -LINUX_EAGAIN, -LINUX_EAGAIN, 3};
    answers = pieces;
    platform_puts("abcdef", 6);
    CHECK(strcmp(printed, "abcdef") == 0 && answers == pieces + 6);
    /* A write of nothing is made, too: it may be the mark of a snapshot. */
    static const long nothing[] = {0};
    answers = nothing;
    platform_puts("", 0);
    CHECK(strcmp(printed, "abcdef") == 0 && answers == nothing + 1);
    static const long broken[] = {1, -32};
    answers = broken;
    platform_puts("ghi", 3);
    CHECK(strcmp(printed, "abcdefg") == 0 && answers == broken + 2);
    return 0;
}

solo5_result_t solo5_set_tls_base(uintptr_t base) {
    return platform_set_thread_pointer(base);
}

static int beginning(void) {
    static const struct mft manifest = {.version = MFT_VERSION, .entries = 1};
    static const struct spt_boot_info info = {.mem_size = 0x2000000,
                                              .kernel_end = 0x200000,
                                              .cmdline = "word",
                                              .mft = &manifest,
                                              .epollfd = 3,
                                              .timerfd = 4};
    if (setjmp(started) == 0)
        platform_start(&info);
    CHECK(thread_pointer == 0 && epoll == 3 && timer == 4);
    CHECK(strcmp(booted.target, "spt") == 0 && booted.cmdline == info.cmdline);
    CHECK(booted.mft == &manifest && booted.mem_size == 0x2000000);
    CHECK(booted.kernel_end == 0x200000);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } tests[] = {
        {"blocks", blocks}, {"frames", frames}, {"console", console}, {"beginning", beginning}};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], tests[i].name) == 0)
            return tests[i].run();
    }
    return 2;
}
