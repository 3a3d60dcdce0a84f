/*
 * calls.c: makes a guest's system calls, and logs what they bring. What it makes is what the
 * guest's own filter allows. What takes long, waits or is rare is left to the tender.
 */
#include "recorder.h"

#include <stdbool.h>
#include <stddef.h>

#include "../spt/linux.h"
#include "spt_abi.h"

#define SECOND      INT64_C(1000000000)
#define EPOLLIN     1
#define MOST_EVENTS 64
#define MOST_DATA   0x10000 /* That a call moves, in bytes. */
#define SPEC_SIZE   sizeof(struct linux_itimerspec)

/* See tender/record/hash.ts. */
struct hash {
    uint32_t low;
    uint32_t high;
};

static void add_word(struct hash *hash, uint32_t value) {
    uint32_t low = (hash->low ^ value) * 0x9e3779b1;
    hash->low = low << 13 | low >> 19;
    uint32_t high = (hash->high ^ value) * 0x85ebca77 + low;
    hash->high = high << 17 | high >> 15;
}

static void add_bytes(struct hash *hash, const uint8_t *bytes, uint64_t size) {
    uint64_t at = 0;
    for (; at + 4 <= size; at += 4) {
        uint32_t word;
        __builtin_memcpy(&word, bytes + at, 4);
        add_word(hash, word);
    }
    for (; at < size; at++)
        add_word(hash, bytes[at]);
    add_word(hash, (uint32_t)size);
}

/* The calls that every target has alike: see tender/record/call_check.ts. */
enum { CHECK_WALL = 1, CHECK_CONSOLE, CHECK_READ, CHECK_WRITE };

static struct hash check_of(int kind, uint64_t size, uint64_t offset) {
    struct hash check = {0x2545f491, 0x4f6cdd1d};
    add_word(&check, (uint32_t)kind);
    add_word(&check, (uint32_t)size);
    add_word(&check, (uint32_t)offset);
    add_word(&check, (uint32_t)(offset >> 32));
    return check;
}

/* The checksum of all that was asked, and what the next input is checked by. */
struct asked {
    struct hash hash;
    uint32_t check;
};

/* With a call, and what it hands over. */
static struct asked ask(const struct recorder_call *call, const uint8_t *data, uint64_t size) {
    struct asked asked = {.hash = {recorder_state.low, recorder_state.high}};
    add_word(&asked.hash, (uint32_t)call->number);
    add_bytes(&asked.hash, (const uint8_t *)call->arguments, sizeof call->arguments);
    if (data != NULL)
        add_bytes(&asked.hash, data, size);
    asked.check = asked.hash.low;
    return asked;
}

/* With a call that has a checksum of its own. */
static struct asked ask_checked(const struct recorder_call *call, const struct hash *check) {
    struct asked asked = ask(call, NULL, 0);
    add_word(&asked.hash, check->low);
    add_word(&asked.hash, check->high);
    asked.check = check->low;
    return asked;
}

static uint64_t entry_size(uint64_t size) {
    return sizeof(struct recorder_entry) + ((size + 7) & ~UINT64_C(7));
}

static bool has_room(uint64_t size) {
    return size <= MOST_DATA && recorder_state.used + entry_size(size) <= RECORDER_LOG_SIZE;
}

/* Logs an input, for which there has to be room, and gives the call its result. */
static int put(struct recorder_call *call, const struct asked *asked, long result,
               struct recorder_entry entry, const uint8_t *data) {
    uint8_t *to = recorder_log + recorder_state.used;
    entry.check = asked->check;
    __builtin_memcpy(to, &entry, sizeof entry);
    for (uint64_t at = 0; at < entry.size; at++)
        to[sizeof entry + at] = data[at];
    recorder_state.low = asked->hash.low;
    recorder_state.high = asked->hash.high;
    /* The tender reads up to there, at any time. */
    __atomic_store_n(&recorder_state.used, (uint32_t)(recorder_state.used + entry_size(entry.size)),
                     __ATOMIC_RELEASE);
    call->number = (uint64_t)result;
    return 1;
}

static int clock(struct recorder_call *call) {
    if (!has_room(0) || recorder_make(call) != 0)
        return 0;
    bool is_wall = call->arguments[0] == LINUX_CLOCK_REALTIME;
    const struct hash check = check_of(CHECK_WALL, 0, 0);
    const struct asked asked = is_wall ? ask_checked(call, &check) : ask(call, NULL, 0);
    const struct linux_timespec *now = (const void *)call->arguments[1];
    const struct recorder_entry entry = {
        .kind = is_wall ? RECORDER_WALL : RECORDER_MONOTONIC,
        .value = now->seconds * SECOND + now->nanoseconds,
    };
    return put(call, &asked, 0, entry, NULL);
}

/* The tender waits in the place of a guest for which nothing is ready yet. */
static int poll(struct recorder_call *call) {
    struct recorder_call now = *call;
    now.arguments[3] = 0;
    if (!has_room(0) || call->arguments[2] > MOST_EVENTS || call->arguments[4] != 0)
        return 0;
    long count = recorder_make(&now);
    if (count < 0 || (count == 0 && (int32_t)call->arguments[3] != 0))
        return 0;
    struct linux_epoll_event *events = (void *)call->arguments[1];
    uint64_t ready = 0;
    for (long i = 0; i < count; i++)
        ready |= UINT64_C(1) << (events[i].data == SPT_INTERNAL_TIMERFD ? 0 : events[i].data & 63);
    /* In the order that replays give them in. */
    long at = 0;
    for (int handle = 0; handle < MOST_EVENTS; handle++) {
        if ((ready >> handle & 1) == 0)
            continue;
        events[at].events = EPOLLIN;
        events[at++].data = handle == 0 ? SPT_INTERNAL_TIMERFD : (uint64_t)handle;
    }
    const struct asked asked = ask(call, NULL, 0);
    const struct recorder_entry entry = {.kind = RECORDER_POLL, .value = (int64_t)ready};
    return put(call, &asked, count, entry, NULL);
}

/* Where in a block device. */
static uint64_t offset_of(const struct recorder_call *call) {
    bool is_block = call->number == LINUX_PREAD64 || call->number == LINUX_PWRITE64;
    return is_block ? call->arguments[3] : 0;
}

static int read(struct recorder_call *call) {
    if (!has_room(call->arguments[2]))
        return 0;
    const struct hash check = check_of(CHECK_READ, call->arguments[2], offset_of(call));
    const struct asked asked = ask_checked(call, &check);
    long result = recorder_make(call);
    const struct recorder_entry entry = {
        .kind = RECORDER_READ,
        .value = result,
        .size = result > 0 ? (uint64_t)result : 0,
    };
    return put(call, &asked, result, entry, (const uint8_t *)call->arguments[1]);
}

static int write(struct recorder_call *call) {
    const uint8_t *data = (const uint8_t *)call->arguments[1];
    uint64_t size = call->arguments[2];
    bool is_console = call->number == LINUX_WRITE && call->arguments[0] == LINUX_STDOUT;
    if (!has_room(size) || (is_console && !recorder_state.console))
        return 0;
    struct hash check = check_of(is_console ? CHECK_CONSOLE : CHECK_WRITE, size, offset_of(call));
    add_bytes(&check, data, size);
    const struct asked asked = ask_checked(call, &check);
    if (is_console) {
        struct recorder_entry entry = {RECORDER_CONSOLE, 0, (int64_t)size, size};
        return put(call, &asked, (long)size, entry, data);
    }
    long result = recorder_make(call);
    const struct recorder_entry entry = {.kind = RECORDER_WRITE, .value = result};
    return put(call, &asked, result, entry, NULL);
}

static int set_timer(struct recorder_call *call) {
    if (!has_room(0) || call->arguments[3] != 0)
        return 0;
    const struct asked asked = ask(call, (const uint8_t *)call->arguments[2], SPEC_SIZE);
    long result = recorder_make(call);
    const struct recorder_entry entry = {.kind = RECORDER_CALL, .value = result};
    return put(call, &asked, result, entry, NULL);
}

int recorder_call(struct recorder_call *call) {
    switch (call->number) {
    case LINUX_CLOCK_GETTIME:
        return clock(call);
    case LINUX_EPOLL_PWAIT:
        return poll(call);
    case LINUX_READ:
    case LINUX_PREAD64:
        return read(call);
    case LINUX_WRITE:
    case LINUX_PWRITE64:
        return write(call);
    case LINUX_TIMERFD_SETTIME:
        return set_timer(call);
    default:
        return 0;
    }
}
