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

/* The jump that was put where a system call and the instruction behind it were. */
static uintptr_t jump(void) {
    const unsigned char *code = (const void *)((uintptr_t)replaced + none);
    for (int at = 0; at < 64; at++) {
        if (code[at] == 0xe9)
            return (uintptr_t)code + (uintptr_t)at;
    }
    return 0;
}

/* Where the jump or call at an address leads. */
static uintptr_t target(uintptr_t at) {
    int32_t distance;
    memcpy(&distance, (const void *)(at + 1), sizeof distance);
    return at + five + (uintptr_t)distance;
}

/* A trampoline begins with an instruction of five bytes, and then calls the personality. */
static uintptr_t personality(void) {
    return target(target(jump()) + five);
}

/* A system call of the bindings, which are where every unikernel has them. */
static uintptr_t bindings(void) {
    const unsigned char *code = (const void *)(0x100000 + none);
    while (code[0] != 0x0f || code[1] != 0x05)
        code++;
    return (uintptr_t)code;
}

static void go(uintptr_t to, long number) {
    static const char path[] = "/etc/passwd";
    __asm__ volatile("call *%[to]"
                     :
                     : [to] "r"(to), "a"(number), "D"(path), "S"(0), "d"(0)
                     : "rcx", "r11", "memory");
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
        ((long (*)(void))(jump() + five))();
    if (strcmp(how, "personality") == 0)
        go(personality() + seven + none, SYS_getpid);
    if (strcmp(how, "open") == 0)
        go(bindings(), SYS_open);
    if (strcmp(how, "execute") == 0)
        go(bindings(), SYS_execve);
    if (strcmp(how, "compat") == 0)
        __asm__ volatile("int $0x80" : : "a"(20) : "memory");
    if (strcmp(how, "vsyscall") == 0)
        ((long (*)(void *))(0xffffffffff600000 + none))(NULL);
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
