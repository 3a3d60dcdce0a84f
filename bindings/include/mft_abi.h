/*
 * mft_abi.h: the application manifest: as a unikernel carries it, and as the tender fills it in.
 *
 * A generated manifest source defines MFT_ENTRIES, includes this file, and puts the initialiser of
 * one `struct mft` with that many entries between MFT1_NOTE_DECLARE_BEGIN and
 * MFT1_NOTE_DECLARE_END.
 */
#ifndef SOLO5_MFT_ABI_H
#define SOLO5_MFT_ABI_H

#include <stdbool.h>
#include <stdint.h>

#include "elf_abi.h"

#define MFT_VERSION     1
#define MFT_MAX_ENTRIES 64 /* With the reserved one. */
#define MFT_NAME_SIZE   68 /* With the terminating NUL. */
#define MFT_NAME_MAX    67

typedef enum mft_type {
    MFT_DEV_BLOCK_BASIC = 1,
    MFT_DEV_NET_BASIC = 2,
    MFT_RESERVED_FIRST = 0x40000000 /* Entry 0, so that no device has handle 0. */
} mft_type_t;

struct mft_block_basic {
    uint64_t capacity;   /* In bytes. */
    uint16_t block_size; /* In bytes. */
};

struct mft_net_basic {
    uint8_t mac[6];
    uint16_t mtu;
};

/* A device. The application's manifest sets the name and the type, the tender the rest. */
struct mft_entry {
    char name[MFT_NAME_SIZE];
    uint32_t type;
    union {
        struct mft_block_basic block_basic;
        struct mft_net_basic net_basic;
    } u;
    union {
        int32_t hostfd;
        void *data;
    } b;
    bool attached;
};

/* Entries are indexed by handle. */
struct mft {
    uint32_t version;
    uint32_t entries;
    struct mft_entry e[];
};

struct mft1_note_header {
    struct solo5_nhdr h;
    uint32_t padding; /* Aligns the manifest to 8; counts as part of the note's content. */
};

#ifdef MFT_ENTRIES
struct mft1_note {
    struct mft1_note_header h;
    struct {
        uint32_t version;
        uint32_t entries;
        struct mft_entry e[MFT_ENTRIES];
    } m;
};

#define MFT1_NOTE_DECLARE_BEGIN                                                                    \
    SOLO5_SECTION(MFT1_NOTE_SECTION, 4)                                                            \
    const struct mft1_note solo5_mft1_note = {                                                     \
        {{sizeof SOLO5_NOTE_NAME, sizeof(struct mft1_note) - sizeof(struct solo5_nhdr),            \
          MFT1_NOTE_TYPE, SOLO5_NOTE_NAME},                                                        \
         0},

#define MFT1_NOTE_DECLARE_END                                                                      \
    }                                                                                              \
    ;
#endif

#endif
