/*
 * portable_abi.h: the contract between a portable unikernel and the bindings that are put under it,
 * as docs/portable.md describes it. Assembler reads the first half, too.
 */
#ifndef SOLO5_PORTABLE_ABI_H
#define SOLO5_PORTABLE_ABI_H

/* A later version adds entry points and fields of the note, each behind those that there are. */
#define PORTABLE_VERSION 1

/* The addresses that a portable unikernel leaves to the bindings. */
#define PORTABLE_WINDOW_START 0x100000
#define PORTABLE_WINDOW_END   0x200000

/* The first word of the window: "solo5win" in memory order. */
#define PORTABLE_MAGIC 0x6e6977356f6c6f73

/* The entry points come behind the window's header, each in a slot of its own. */
#define PORTABLE_HEADER_SIZE 64
#define PORTABLE_ENTRY_SIZE  16
#define PORTABLE_ENTRY(number)                                                                     \
    (PORTABLE_WINDOW_START + PORTABLE_HEADER_SIZE + PORTABLE_ENTRY_SIZE * (number))

/* Most segments of a program that are not for reading and writing. */
#define PORTABLE_MAX_SEGMENTS 16

/* Where solo5_app_main returns to, under any bindings: the address lies on its stack. */
#define PORTABLE_RETURNED PORTABLE_ENTRY(18)

/* entry(number, name) for each entry point. */
#define PORTABLE_EACH_ENTRY(entry)                                                                 \
    entry(0, solo5_exit)                                                                           \
    entry(1, solo5_abort)                                                                          \
    entry(2, solo5_tls_size)                                                                       \
    entry(3, solo5_tls_tp_offset)                                                                  \
    entry(4, solo5_tls_init)                                                                       \
    entry(5, solo5_set_tls_base)                                                                   \
    entry(6, solo5_clock_monotonic)                                                                \
    entry(7, solo5_clock_wall)                                                                     \
    entry(8, solo5_yield)                                                                          \
    entry(9, solo5_console_write)                                                                  \
    entry(10, solo5_net_acquire)                                                                   \
    entry(11, solo5_net_read)                                                                      \
    entry(12, solo5_net_write)                                                                     \
    entry(13, solo5_block_acquire)                                                                 \
    entry(14, solo5_block_write)                                                                   \
    entry(15, solo5_block_read)                                                                    \
    entry(16, __stack_chk_fail)                                                                    \
    entry(17, soloden_mark)                                                                        \
    entry(18, soloden_returned)

#ifndef __ASSEMBLER__

#include <stdint.h>

/* What the window begins with. */
struct portable_window {
    uint64_t magic;
    uint32_t version; /* The newest that these bindings serve. */
    uint32_t oldest;  /* The oldest. */
    uint64_t program; /* Address of the struct portable_program that the joiner fills in. */
};

/* What an application says of itself. Addresses and sizes in bytes; 0 where there is none. */
struct portable_application {
    uint64_t main;        /* solo5_app_main. */
    uint64_t manifest;    /* The manifest note. */
    uint64_t stack_guard; /* The word that start-up gives a random value. */
    uint64_t end;         /* Of the image, zeroed memory included. */
    uint64_t tls_image;   /* The initial thread-local variables; their size without and with zeros. */
    uint64_t tls_image_size;
    uint64_t tls_size;
    uint64_t tls_align; /* A power of two. */
};

/* Memory that is not for reading and writing as all else is. */
struct portable_segment {
    uint64_t start;
    uint64_t end;
    uint64_t flags; /* As in an ELF program header. */
};

#define PORTABLE_SEGMENT_EXECUTE 1
#define PORTABLE_SEGMENT_READ    4

/* What bindings know of the program that they belong to. Unused segments are zero. */
struct portable_program {
    struct portable_application application;
    struct portable_segment segments[PORTABLE_MAX_SEGMENTS]; /* Ascending. */
    uint64_t mark; /* The struct soloden_record to go on from; 0 for a start from the beginning. */
};

#define PORTABLE_NOTE_SECTION ".note.soloden.portable"
#define PORTABLE_NOTE_NAME    "soloden"
#define PORTABLE_NOTE_TYPE    0x314e4957 /* "WIN1" in memory order. */

/* The note that makes a unikernel portable. */
struct portable_note {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
    char n_name[8];
    uint32_t version;
    struct portable_application application;
    uint64_t mark; /* In a snapshot, the struct soloden_record to go on from; else 0. */
};

#endif

#endif
