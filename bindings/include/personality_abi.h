/*
 * personality_abi.h: what an adopted program's personality is told of the program when the
 * unikernel is made (elftool/adopt.ts), and how the root file system lies in it. All numbers are
 * little-endian.
 */
#ifndef SOLO5_PERSONALITY_ABI_H
#define SOLO5_PERSONALITY_ABI_H

#include <stdint.h>

/* Most segments that an adopted program may have. */
#define PERSONALITY_MAX_SEGMENTS 12

/* A segment of the program: addresses, and flags as in an ELF program header. */
struct personality_segment {
    uint64_t start;
    uint64_t end;
    uint64_t flags;
};

#define PERSONALITY_WRITE 2

/* The program. Addresses, and sizes in bytes. */
struct personality_program {
    uint64_t entry;            /* Where it begins. */
    uint64_t headers;          /* Its program headers, in memory. */
    uint64_t header_count;     /* How many there are. */
    uint64_t path;             /* A slash and argv[0], NUL-terminated. */
    uint64_t environment;      /* Its environment: strings, each with its NUL. */
    uint64_t environment_size; /* Of all of them together. */
    uint64_t
        root; /* An array of struct personality_file: the root directory, then what is in it. */
    uint64_t root_count;    /* How many there are; at least 1. */
    uint64_t blocks;        /* Names of block devices: strings, each with its NUL. */
    uint64_t blocks_size;   /* Of all of them together. */
    uint64_t channels;      /* Names of network devices: strings, each with its NUL. */
    uint64_t channels_size; /* Of all of them together. */
    uint64_t flags;         /* PERSONALITY_STRACE. */
    uint64_t room;          /* A struct personality_room; 0 if there is none. */
    struct personality_segment segments[PERSONALITY_MAX_SEGMENTS]; /* The end is one of zeros. */
};

/* Print every system call to the console. */
#define PERSONALITY_STRACE 1

/* A file of the root file system. A directory comes before what is in it. */
struct personality_file {
    uint64_t name;    /* In its directory, NUL-terminated. */
    uint64_t content; /* Of a regular file, or the target of a symbolic link. */
    uint64_t size;    /* Of the content. */
    int64_t mtime;    /* Seconds since the Unix epoch. */
    uint32_t parent;  /* Number of its directory. */
    uint32_t link;    /* Number of the file that this is another name of; 0 if it is none. */
    uint32_t mode;    /* As in st_mode: type and permissions. */
    uint32_t uid;
    uint32_t gid;
    uint32_t reserved;
};

/*
 * What begins the room for files that are added when the unikernel exists already; zeros if there
 * are none.
 */
struct personality_room {
    uint64_t
        files; /* An array of struct personality_file: the root directory, then what is in it. */
    uint64_t count;
};

#endif
