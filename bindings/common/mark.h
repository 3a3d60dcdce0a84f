/*
 * mark.h: the mark that a program makes with soloden_ready(), between the function that the
 * application has (ready_x86_64.S, ready_aarch64.S) and the bindings.
 */
#ifndef MARK_H
#define MARK_H

#include "solo5.h"

/* The first word of a record: "soloden!" in memory order. */
#define MARK_MAGIC   UINT64_C(0x216e65646f6c6f73)
#define MARK_VERSION 1

/*
 * Lies on the stack of the caller of soloden_ready(), below what must be kept for it. The address of
 * a console write of zero bytes that is a mark.
 */
struct soloden_record {
    uint64_t magic;
    uint64_t version;
    /* Returns from soloden_ready() again; gets the record, which is where the stack ends. */
    void (*resume)(const struct soloden_record *record) __attribute__((noreturn));
    struct solo5_start_info *info; /* What soloden_ready() was given. */
    uint64_t stack;                /* The stack pointer: the record's own address. */
    uint64_t thread_pointer;       /* The last one that was set. */
    uint64_t time;                 /* Monotonic time, in nanoseconds. */
    uint64_t acquired;             /* The set of acquired devices. */
};

/*
 * Completes a record and makes the mark. Where somebody takes a snapshot there, this never returns:
 * the snapshot begins with `record->resume`.
 */
void soloden_mark(struct soloden_record *record);

/* At the start of a snapshot, the record to go on from; else NULL. */
const struct soloden_record *mark_found(void);

#endif
