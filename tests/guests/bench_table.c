/*
 * bench_table.c: computes a table for some 50 ms, says that it is ready, and prints a word.
 */
#include "guest.h"
#include "soloden.h"

#define WORDS 4096
#define PASSES 12000

static uint64_t table[WORDS];

static void compute(void) {
    uint64_t value = 1;
    for (unsigned pass = 0; pass < PASSES; pass++)
        for (unsigned i = 0; i < WORDS; i++)
            table[i] += value = value * UINT64_C(6364136223846793005) + 1;
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    compute();
    soloden_ready(&info);
    print(table[WORDS - 1] == 0 ? "zero\n" : "computed\n");
    return 0;
}
