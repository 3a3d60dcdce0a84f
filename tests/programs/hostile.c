/*
 * hostile.c: tries to get out of its sandbox, in the way that its argument names.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call that is no instruction until something jumps into the middle of another. */
__attribute__((naked, noinline)) static long hidden(void) {
    __asm__("movl $39, %eax\n"
            ".byte 0x48, 0xb9, 0x0f, 0x05, 0xc3, 0, 0, 0, 0, 0\n" /* movabs $0xc3050f, %rcx */
            "ret");
}

/* The same after it was put into data. */
static const unsigned char in_data[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};

__attribute__((noinline)) static long replaced(void) {
    long result;
    __asm__ volatile("movl $39, %%eax\n"
                     "syscall\n"
                     "movl $1, %%edx\n"
                     : "=a"(result)
                     :
                     : "rcx", "rdx", "r11", "memory");
    return result;
}

static void *executable(void) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(memory, in_data, sizeof in_data);
    if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) != 0)
        perror("mprotect");
    return memory;
}

/* Compilers do not know these, so that no address in the code gives a trick away. */
static volatile uintptr_t none = 0, five = 5, seven = 7;

/* Behind a jump that was put where a system call and the instruction behind it were. */
static uintptr_t inside(void) {
    const unsigned char *code = (const void *)((uintptr_t)replaced + none);
    for (int at = 0; at < 64; at++) {
        if (code[at] == 0xe9)
            return (uintptr_t)code + (uintptr_t)at + five;
    }
    return 0;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IONBF, 0);
    const char *how = count > 1 ? words[1] : "";
    printf("tries %s, %ld\n", how, replaced());
    if (strcmp(how, "hidden") == 0)
        ((long (*)(void))((uintptr_t)hidden + seven))();
    if (strcmp(how, "data") == 0)
        ((long (*)(void))(uintptr_t)in_data)();
    if (strcmp(how, "heap") == 0)
        ((long (*)(void))(uintptr_t)executable())();
    if (strcmp(how, "text") == 0)
        *(volatile char *)(uintptr_t)replaced = 0;
    if (strcmp(how, "inside") == 0)
        ((long (*)(void))inside())();
    if (strcmp(how, "window") == 0)
        *(volatile char *)0x100000 = 0;
    if (strcmp(how, "stack") == 0) {
        volatile char *sp = __builtin_frame_address(0);
        for (;; sp -= 4096)
            *sp = 0;
    }
    puts("got out");
    return 0;
}
