/* memory.h: calls about memory. */
#pragma once
#include "common.h"

#define MAPPED 8

static struct {
    char *at;
    size_t size;
    int moves;
} mapped[MAPPED];

static void call_mmap(choice b) {
    static const int protections[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE};
    int which = b[0] % MAPPED;
    if (mapped[which].at != NULL)
        syscall(SYS_munmap, mapped[which].at, mapped[which].size);
    mapped[which].at = NULL;
    size_t size = CHOOSE(sizes, b[1]);
    int protection = CHOOSE(protections, b[2]);
    int flags = b[3] % 3 == 0 ? MAP_SHARED : MAP_PRIVATE;
    int fd = CHOOSE(descriptors, b[4]);
    if (b[3] & 8)
        flags |= MAP_ANONYMOUS;
    long at = syscall(SYS_mmap, NULL, size, protection, flags, fd, b[5] % 8 == 0 ? 4096 : 0);
    show("mmap", at == -1 ? -1 : 0);
    if (at == -1)
        return;
    mapped[which].at = (char *)at;
    mapped[which].size = size;
    mapped[which].moves = flags & MAP_PRIVATE;
    /* Behind the end of a file there is nothing to read. */
    struct stat found;
    if ((flags & MAP_ANONYMOUS) || (fstat(fd, &found) == 0 && found.st_size > 4096 + (long)size)) {
        if (protection & PROT_WRITE)
            ((char *)at)[size / 2] = 'M';
        if (protection & PROT_READ)
            printf("  %08x\n", sum((char *)at, (long)size));
    }
}

static void call_memory(choice b) {
    int which = b[0] % MAPPED;
    char *at = mapped[which].at;
    size_t size = mapped[which].size;
    if (at == NULL)
        return;
    long moved;
    switch (b[1] % 5) {
    case 0:
        show("munmap", syscall(SYS_munmap, at, size));
        mapped[which].at = NULL;
        break;
    case 1:
        show("mprotect", syscall(SYS_mprotect, at, size, b[2] & 1 ? PROT_READ : PROT_READ | 2));
        break;
    case 2:
        show("munmap", syscall(SYS_munmap, at + 1, size));
        break;
    case 3:
        /* What shares a file's content stays where it is in a unikernel. */
        if (!mapped[which].moves)
            break;
        moved = syscall(SYS_mremap, at, size, CHOOSE(sizes, b[2]), b[3] & 1 ? MREMAP_MAYMOVE : 0);
        if (b[3] & 1)
            show("mremap", moved == -1 ? -1 : 0);
        if (moved != -1) {
            mapped[which].at = (char *)moved;
            mapped[which].size = CHOOSE(sizes, b[2]);
        }
        break;
    default:
        show("msync", syscall(SYS_msync, at, size, MS_SYNC));
    }
}

static void call_brk(choice b) {
    char *end = sbrk(0);
    show("brk", brk(end + CHOOSE(sizes, b[0])) == 0 ? 0 : -1);
    printf("  %08x\n", sum(end, (long)CHOOSE(sizes, b[0])));
    brk(end);
}
