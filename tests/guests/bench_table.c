/*
 * bench_table.c: computes a table in as many passes as its command line says, says that it is
 * ready, and prints a word.
 */
#include "guest.h"
#include "soloden.h"

#define WORDS 4096

static uint64_t table[WORDS];

static void compute(unsigned passes) {
    uint64_t value = 1;
    for (unsigned pass = 0; pass < passes; pass++)
        for (unsigned i = 0; i < WORDS; i++)
            table[i] += value = value * UINT64_C(6364136223846793005) + 1;
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    unsigned passes = 0;
    for (const char *digit = info.cmdline; *digit >= '0' && *digit <= '9'; digit++)
        passes = passes * 10 + (unsigned)(*digit - '0');
    compute(passes);
    soloden_ready(&info);
    print(passes > 0 && table[WORDS - 1] == 0 ? "zero\n" : "computed\n");
    return 0;
}
