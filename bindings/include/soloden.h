/*
 * soloden.h: what soloden has besides Solo5's calls. A program that includes it also links with
 * Solo5's own toolchain, and also runs on Solo5's own tenders: there, these functions do nothing.
 */
#ifndef SOLODEN_H
#define SOLODEN_H

#include "solo5.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the bindings have. Where they are others than soloden's, there are no such functions. */
extern void soloden_ready_here(struct solo5_start_info *info) __attribute__((weak));
extern bool soloden_random_here(uint64_t *value) __attribute__((weak));

/*
 * Says that the program has initialised. `info` is a copy of what solo5_app_main() was given.
 *
 * In a run it returns at once, and leaves `info` as it is. Under `soloden snapshot`, the run ends
 * here, and memory becomes a new unikernel. Each start of that returns from here once more:
 * `info->cmdline` is then the command line of that start. The heap is where it was, and as large.
 * Monotonic time goes on from here. Acquired devices keep their handles; they must be like those of
 * the first start. One that was written to by now refuses the snapshot. Of the CPU, the registers
 * that a function keeps for its caller are restored, the modes of floating point and the thread
 * pointer; vector registers and what a program has set up by itself (its own tables, model-specific
 * registers) are not.
 *
 * All starts of a snapshot are alike up to here: whatever was drawn at random before, the guard of
 * the stack and addresses among it, is the same in each. Draw keys, nonces, session numbers and
 * seeds of generators after this call, with soloden_random() for one.
 */
static inline __attribute__((always_inline)) void soloden_ready(struct solo5_start_info *info) {
    if (soloden_ready_here)
        soloden_ready_here(info);
}

/*
 * Draws 64 random bits from the CPU, anew in every start. Returns false, and stores nothing, where
 * the CPU has no source of them or it fails.
 */
static inline __attribute__((always_inline)) bool soloden_random(uint64_t *value) {
    return soloden_random_here && soloden_random_here(value);
}

#ifdef __cplusplus
}
#endif

#endif
