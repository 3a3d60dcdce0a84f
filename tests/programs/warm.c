/*
 * warm.c: initialises its memory, says that it is ready, and prints what it finds afterwards. It
 * does without vector instructions, so that every KVM can run it.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char content[8192];

/* Prints a file, with a line for each of its strings. */
static void print(const char *path) {
    int fd = open(path, O_RDONLY);
    long size = read(fd, content, sizeof content);
    close(fd);
    for (long at = 0; at < size; at++) {
        if (content[at] == 0)
            content[at] = '\n';
    }
    write(1, content, (size_t)size);
}

static void print_hexadecimal(unsigned long value) {
    char digits[17];
    for (int at = 15; at >= 0; at--, value >>= 4)
        digits[at] = "0123456789abcdef"[value & 15];
    digits[16] = '\n';
    write(1, digits, sizeof digits);
}

/* Uses memory, and frees it. */
static void forget(void) {
    static const char secret[] = "a secret of before";
    long size = 1 << 16;
    char *pages =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* The text of the program has it in two parts. */
    for (long at = 0; at < size; at++)
        pages[at] = at % 64 < 18 ? secret[(at + 9) % 18] : '.';
    munmap(pages, (size_t)size);
}

int main(void) {
    forget();
    char *heap = (char *)syscall(SYS_brk, 0);
    syscall(SYS_brk, heap + 8192);
    heap[5000] = 40;
    int file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
    write(file, "written before\n", 15);
    struct timespec before, after, wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &before);
    write(1, "initialised\n", 12);
    int ready = open("/dev/soloden/ready", O_RDONLY);
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (after.tv_sec < before.tv_sec || after.tv_sec > before.tv_sec + 10)
        write(1, "monotonic time jumps\n", 21);
    print("/proc/self/cmdline");
    print("/proc/self/environ");
    write(1, content, (size_t)pread(file, content, sizeof content, 0));
    clock_gettime(CLOCK_REALTIME, &wall);
    print_hexadecimal((unsigned long)wall.tv_sec * 1000 + (unsigned long)wall.tv_nsec / 1000000);
    unsigned long random;
    syscall(SYS_getrandom, &random, sizeof random, 0);
    print_hexadecimal(random);
    return heap[5000] + ready;
}
