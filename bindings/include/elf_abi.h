/*
 * elf_abi.h: the notes that make an ELF file a Solo5 unikernel, and the two parts that keep a host
 * from running it as an ordinary program. For bindings; applications do not need it.
 */
#ifndef SOLO5_ELF_ABI_H
#define SOLO5_ELF_ABI_H

#include <stdint.h>

#define SOLO5_NOTE_NAME "Solo5"

/* Note types: "ABI1" and "MFT1" in ASCII. */
#define ABI1_NOTE_TYPE 0x31494241
#define MFT1_NOTE_TYPE 0x3154464d

/* An ELF note's header with the owner's name, padded to 8. */
struct solo5_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
    char n_name[8];
};

enum abi_target {
    ABI_TARGET_HVT = 1,
    ABI_TARGET_SPT = 2,
    ABI_TARGET_VIRTIO = 3,
    ABI_TARGET_MUEN = 4,
    ABI_TARGET_GENODE = 5,
    ABI_TARGET_XEN = 6
};

/* The target of a unikernel, and the version of that target's ABI. */
struct abi1_info {
    uint32_t abi_target;
    uint32_t abi_version;
    uint32_t reserved0;
    uint32_t reserved1;
};

struct abi1_note {
    struct solo5_nhdr h;
    struct abi1_info i;
};

#define ABI1_NOTE_SECTION   ".note.solo5.abi"
#define MFT1_NOTE_SECTION   ".note.solo5.manifest"
#define NOT_OPENBSD_SECTION ".note.solo5.not_openbsd"

/* A constant that nothing refers to, in a section of its own. */
#define SOLO5_SECTION(name, alignment) __attribute__((section(name), aligned(alignment), used))

/* Declares the unikernel's target. */
#define ABI1_NOTE_DECLARE(target, version)                                                         \
    SOLO5_SECTION(ABI1_NOTE_SECTION, 4)                                                            \
    const struct abi1_note solo5_abi1_note = {                                                     \
        {sizeof SOLO5_NOTE_NAME, sizeof(struct abi1_info), ABI1_NOTE_TYPE, SOLO5_NOTE_NAME},       \
        {(target), (version), 0, 0}};

/* OpenBSD runs every static file, except one whose first note names OpenBSD as its system. */
struct not_openbsd_note {
    struct solo5_nhdr h;
    uint32_t desc;
};

#define NOT_OPENBSD_NOTE_DECLARE                                                                   \
    SOLO5_SECTION(NOT_OPENBSD_SECTION, 4)                                                          \
    const struct not_openbsd_note solo5_not_openbsd_note = {{8, 4, 1, "OpenBSD"}, 0};

/* Other kernels refuse a file whose interpreter does not exist. */
#define SOLO5_INTERPRETER "/nonexistent/solo5/"

#define INTERP_DECLARE SOLO5_SECTION(".interp", 8) const char solo5_interp[] = SOLO5_INTERPRETER;

#endif
