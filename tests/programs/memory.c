/*
 * memory.c: what brk(), mmap() and their like do, as Linux does it; prints what it finds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul

static const char *said(const void *result) {
    return result == MAP_FAILED ? strerror(errno) : "mapped";
}

static const char *done(long result) {
    return result < 0 ? strerror(errno) : "done";
}

static int all(const unsigned char *bytes, size_t size, unsigned char value) {
    for (size_t at = 0; at < size; at++) {
        if (bytes[at] != value)
            return 0;
    }
    return 1;
}

static void *map(size_t size) {
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void) {
    unsigned char *memory = map(10 * PAGE);
    printf("fresh memory is zero: %d\n", all(memory, 10 * PAGE, 0));
    memset(memory, 7, 10 * PAGE);
    printf("advice: %s\n", done(madvise(memory + PAGE, 2 * PAGE, MADV_DONTNEED)));
    printf("and it is zero: %d, its neighbours are not: %d %d\n", all(memory + PAGE, 2 * PAGE, 0),
           memory[PAGE - 1], memory[3 * PAGE]);
    printf("a hole: %s\n", done(munmap(memory + 4 * PAGE, PAGE)));
    printf("twice: %s\n", done(munmap(memory + 4 * PAGE, PAGE)));
    printf("advice over the hole: %s\n", done(madvise(memory, 10 * PAGE, MADV_DONTNEED)));
    void *again = mmap(memory + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("the hole is filled where it was: %d, with zeros: %d\n", again == memory + 4 * PAGE,
           all(again, PAGE, 0));
    memset(memory, 9, 10 * PAGE);
    again = mmap(memory + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("mapped over: %d %d %d\n", all(again, 2 * PAGE, 0), memory[0], memory[3 * PAGE]);
    printf("not over: %s\n", said(mmap(memory, PAGE, PROT_READ,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
    printf("not aligned: %s\n",
           said(mmap(memory + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    munmap(memory, 10 * PAGE);
    printf("unmapped memory cannot be written: %s\n", done(write(1, memory, 1)));
}

static void moved(void) {
    unsigned char *memory = map(2 * PAGE);
    memset(memory, 5, 2 * PAGE);
    unsigned char *next = mremap(memory, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
    printf("larger: %d %d\n", all(next, 2 * PAGE, 5), all(next + 2 * PAGE, 298 * PAGE, 0));
    printf("smaller: %d\n", mremap(next, 300 * PAGE, PAGE, 0) == next);
    printf("what was cut off is gone: %s\n", done(write(1, next + PAGE, 1)));
    printf("of nothing: %s\n", said(mremap(next, PAGE, 0, 0)));
    printf("of what is not mapped: %s\n", said(mremap(next + PAGE, PAGE, 2 * PAGE, 0)));
}

static void refused(void) {
    int private = MAP_PRIVATE | MAP_ANONYMOUS;
    printf("no size: %s\n", said(mmap(NULL, 0, PROT_READ, private, -1, 0)));
    printf("neither shared nor private: %s\n",
           said(mmap(NULL, 1, PROT_READ, MAP_ANONYMOUS, -1, 0)));
    printf("no descriptor: %s\n", said(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 99, 0)));
    printf("an odd offset: %s\n", done(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, 0, 7)));
    printf("too much: %s\n", said(mmap(NULL, 1ul << 50, PROT_READ, private, -1, 0)));
    printf("unaligned: %s %s %s\n", done(munmap((void *)1, PAGE)), done(mprotect((void *)1, 1, 0)),
           done(madvise((void *)1, 1, MADV_DONTNEED)));
    void *memory = map(PAGE);
    printf("protected: %s\n", done(mprotect(memory, PAGE, PROT_READ)));
    printf("and not: %s\n", done(mprotect(memory, PAGE, PROT_READ | PROT_WRITE)));
    *(volatile char *)memory = 1;
    printf("read into what is protected: ");
    mprotect(memory, PAGE, PROT_READ);
    int fd = open("/dev/zero", O_RDONLY);
    printf("%s\n", done(read(fd, memory, 1)));
    close(fd);
    printf("unknown advice: %s\n", done(madvise(memory, PAGE, 9999)));
}

static void files(void) {
    int fd = open("mapped", O_RDWR | O_CREAT, 0600);
    for (int line = 0; line < 1000; line++) {
        if (dprintf(fd, "line %d\n", line) < 0)
            abort();
    }
    off_t size = lseek(fd, 0, SEEK_END);
    char *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    printf("a file: %.7s%.7s\n", memory, memory + size - 9);
    memory[0] = 'X';
    char first;
    printf("is not changed: %ld %c\n", (long)pread(fd, &first, 1, 0), first);
    printf("zeros follow: %d\n",
           all((unsigned char *)memory + size, PAGE - (size_t)size % PAGE, 0));
    char *later = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
    printf("from a page on: %.9s\n", later);
    close(fd);
    fd = open("mapped", O_WRONLY);
    printf("only for writing: %s\n", said(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0)));
    close(fd);
}

/* The C library may use the heap, too, and musl has no sbrk(): the end goes up from where it is. */
static void breaks(void) {
    char *start = (char *)syscall(SYS_brk, 0);
    char *end = start + 3 * PAGE;
    printf("moved: %d\n", (char *)syscall(SYS_brk, end) == end);
    memset(start, 1, 3 * PAGE);
    printf("and back: %d\n", (char *)syscall(SYS_brk, start) == start);
    syscall(SYS_brk, end);
    printf("what is new is zero: %d\n",
           all((void *)(((uintptr_t)start + PAGE) & -PAGE), 2 * PAGE, 0));
    printf("nonsense: %d\n", (char *)syscall(SYS_brk, 1) == end);
    syscall(SYS_brk, start);
}

int main(void) {
    anonymous();
    moved();
    refused();
    files();
    breaks();
    for (int round = 0; round < 500; round++) {
        size_t size = (size_t)(round * 7919) % 300000 + 1;
        unsigned char *memory = calloc(1, size);
        if (memory == NULL || !all(memory, size, 0))
            printf("round %d: not zero\n", round);
        memset(memory, 3, size);
        if (round % 3 != 0)
            free(memory);
    }
    puts("end");
    return 0;
}
