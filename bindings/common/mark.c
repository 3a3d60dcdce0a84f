/*
 * mark.c: makes the mark at which snapshots are taken, and finds it again in one.
 */
#include "mark.h"

#include "bindings.h"
#include "program.h"

/*
 * The record while the mark is made, so that a snapshot has it. Bindings that are put under the
 * snapshot of a portable unikernel are new, and get it from `program`. The entry point reads both.
 */
const struct soloden_record *mark_record;

/* Of the two files of assembler that rely on them. */
_Static_assert(sizeof(struct soloden_record) == 64, "RECORD_SIZE");
_Static_assert(offsetof(struct soloden_record, resume) == 16, "RECORD_RESUME");
_Static_assert(offsetof(struct soloden_record, info) == 24, "RECORD_INFO");
_Static_assert(offsetof(struct portable_program, mark) == 448, "PROGRAM_MARK");

static uintptr_t thread_pointer;

solo5_result_t solo5_set_tls_base(uintptr_t base) {
    thread_pointer = base;
    return platform_set_thread_pointer(base);
}

void soloden_mark(struct soloden_record *record) {
    record->magic = MARK_MAGIC;
    record->version = MARK_VERSION;
    record->stack = (uintptr_t)record;
    record->thread_pointer = thread_pointer;
    record->time = solo5_clock_monotonic();
    record->acquired = devices_acquired();
    mark_record = record;
    platform_puts((const char *)record, 0);
    mark_record = NULL;
}

const struct soloden_record *mark_found(void) {
    return mark_record != NULL ? mark_record : (const struct soloden_record *)program.mark;
}
