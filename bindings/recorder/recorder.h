/*
 * recorder.h: what the recorder of a guest of spt shares with the tender. It is put above guest
 * memory: first what both write to, then code. tender/spt/record/inside.ts knows these layouts,
 * too.
 */
#ifndef RECORDER_H
#define RECORDER_H

/* Where things lie, in bytes from the recorder's start; recorder.lds places them. */
#define RECORDER_LOG_SIZE 0x40000

/* A guest's call: pushed by recorder_entry, and read by recorder_call. */
#define RECORDER_CALL_WORDS 7

#ifndef __ASSEMBLER__

#include <stdint.h>

struct recorder_call {
    uint64_t number; /* Later the result. */
    uint64_t arguments[6];
};

struct recorder_state {
    uint32_t recording; /* 0 if the tender answers every call. */
    uint32_t console;   /* Not 0 if output to the console is logged, and done by the tender. */
    uint32_t used;      /* Of the log, in bytes. */
    uint32_t low;       /* The checksum of all that the guest has asked (tender/record/hash.ts). */
    uint32_t high;
};

enum recorder_kind {
    RECORDER_WALL = 1,
    RECORDER_MONOTONIC = 2,
    RECORDER_POLL = 3,
    RECORDER_READ = 4,
    RECORDER_WRITE = 5,
    RECORDER_CONSOLE = 6,
    RECORDER_CALL = 7
};

/* What the log consists of; data follows, up to a multiple of 8 bytes. */
struct recorder_entry {
    uint32_t kind;
    uint32_t check; /* `low` when the guest asked. */
    int64_t value;  /* A time in nanoseconds, a set of handles, or a result. */
    uint64_t size;  /* Of the data. */
};

extern struct recorder_state recorder_state;
extern uint8_t recorder_log[RECORDER_LOG_SIZE];

/* Makes a guest's call from here, where the filter lets it pass; returns its result. */
long recorder_make(const struct recorder_call *call);

/*
 * Makes a guest's call and logs what it brought. Returns 0 if the tender has to answer it; nothing
 * was changed then. Reads what the guest points at: where that cannot be read, the tender has the
 * guest go on at recorder_fault, which is as if this had returned 0.
 */
int recorder_call(struct recorder_call *call);

#endif

#endif
