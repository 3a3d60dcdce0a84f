/*
 * shared.c: mappings that share memory with files. Prints what each call returns, and what is
 * where.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

static char buffer[8 * PAGE];

static void show(const char *what, long result) {
    printf("%s %ld%s%s\n", what, result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
}

static char *map(int fd, size_t size, off_t offset) {
    char *found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    show("mapped", found == MAP_FAILED ? -1 : 0);
    return found;
}

static void both_ways(int fd) {
    char *memory = map(fd, PAGE, 0);
    strcpy(memory + 5, "by memory");
    show("read", pread(fd, buffer, 20, 0));
    printf("%.5s %.9s\n", buffer, buffer + 5);
    show("write", pwrite(fd, "by file", 7, 100));
    printf("%s\n", memory + 100);
    char *again = map(fd, PAGE, 0);
    strcpy(again + 200, "by another mapping");
    printf("%s\n", memory + 200);
    show("unmapped", munmap(again, PAGE));
    printf("%s\n", memory + 200);
    show("unmapped", munmap(memory, PAGE));
}

static void growing(int fd) {
    char *memory = map(fd, PAGE, 0);
    show("grown", ftruncate(fd, 5 * PAGE));
    char *later = map(fd, 2 * PAGE, 3 * PAGE);
    strcpy(later, "in the fourth page");
    show("read", pread(fd, buffer, sizeof buffer, 0));
    printf("%s, %s\n", buffer + 5, buffer + 3 * PAGE);
    show("part unmapped", munmap(later, PAGE));
    strcpy(later + PAGE, "in the fifth");
    show("read", pread(fd, buffer, sizeof buffer, 4 * PAGE));
    printf("%s\n", buffer);
    show("shrunk", ftruncate(fd, 100));
    show("grown", ftruncate(fd, 5 * PAGE));
    show("read", pread(fd, buffer, 10, 3 * PAGE));
    printf("%d\n", buffer[0]);
    munmap(later + PAGE, PAGE);
    munmap(memory, PAGE);
}

static void removed(void) {
    int fd = open("removed", O_RDWR | O_CREAT, 0600);
    show("write", write(fd, "still here", 11));
    char *memory = map(fd, PAGE, 0);
    show("close", close(fd));
    show("unlink", unlink("removed"));
    printf("%s\n", memory);
    show("synchronised", msync(memory, PAGE, MS_SYNC));
    show("unmapped", munmap(memory, PAGE));
}

static void refused(void) {
    int fd = open("file", O_RDONLY);
    show("without the right to write",
         mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    show("only to read", mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    close(fd);
}

static void semaphores(void) {
    char name[64];
    snprintf(name, sizeof name, "/soloden-test-%ld", (long)getpid());
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    show("sem_open", semaphore == SEM_FAILED ? -1 : 0);
    show("sem_wait", sem_wait(semaphore));
    show("sem_trywait", sem_trywait(semaphore));
    show("sem_unlink", sem_unlink(name));
    show("sem_close", sem_close(semaphore));
}

int main(void) {
    umask(022);
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    strcpy(buffer, "small");
    show("write", write(fd, buffer, PAGE));
    both_ways(fd);
    growing(fd);
    removed();
    refused();
    semaphores();
    return 0;
}
