/*
 * trap_entries.c: reads the bindings' table of traps, and whether the first instruction of each
 * pushes a 0 where the CPU pushes no error code, and only there.
 */
#include "guest.h"

#define VECTORS 32

/* Of the traps with an error code, a bit each: Intel SDM, volume 3, table 7-1; AMD's APM, volume
 * 2, 8.2. */
#define HAVE_CODE                                                                                  \
    (1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 21 |        \
     1u << 29 | 1u << 30)

struct gate {
    uint16_t low;
    uint16_t selector;
    uint8_t stack;
    uint8_t type;
    uint16_t middle;
    uint32_t high;
    uint32_t reserved;
};

struct __attribute__((packed)) table {
    uint16_t limit;
    const struct gate *gates;
};

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    struct table table;
    __asm__ volatile("sidt %0" : "=m"(table));
    if (table.limit != VECTORS * sizeof(struct gate) - 1)
        return fail("size of the table");
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        const struct gate *gate = &table.gates[vector];
        const uint8_t *entry = (const uint8_t *)((uintptr_t)gate->high << 32 |
                                                 (uintptr_t)gate->middle << 16 | gate->low);
        bool pushes = entry[0] == 0x6a && entry[1] == 0;
        if (pushes == (HAVE_CODE >> vector & 1))
            return fail("error code");
        if (gate->stack != 1 || gate->type != 0x8e)
            return fail("gate");
    }
    return succeed();
}
