/*
 * vectors.c: no system call changes a vector register, their control words or a general register
 * but RAX, RCX and R11.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned char before[16 * 32] __attribute__((aligned(32)));
static unsigned char after[16 * 32] __attribute__((aligned(32)));

#define EACH(do)                                                                                   \
    do                                                                                             \
    (0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11) do(12) do(13) do(      \
        14) do(15)
#define LOAD(n)       "movdqa " #n "*32(%[before]), %%xmm" #n "\n"
#define STORE(n)      "movdqa %%xmm" #n ", " #n "*32(%[after])\n"
#define LOAD_WIDE(n)  "vmovdqa " #n "*32(%[before]), %%ymm" #n "\n"
#define STORE_WIDE(n) "vmovdqa %%ymm" #n ", " #n "*32(%[after])\n"
#define CLOBBERED                                                                                  \
    "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",        \
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* What was left of the general registers. */
static long kept;

static long narrow(long number, long a, long b, long c) {
    register long r10 __asm__("r10") = 10, r8 __asm__("r8") = 8, r9 __asm__("r9") = 9;
    __asm__ volatile(EACH(LOAD) "syscall\n nop\n nop\n nop\n" EACH(STORE)
                     : "+a"(number), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
                     : [before] "r"(before), [after] "r"(after)
                     : CLOBBERED);
    kept = r10 == 10 && r8 == 8 && r9 == 9 ? a ^ b ^ c : -1;
    return number;
}

static long wide(long number, long a, long b, long c) {
    register long r10 __asm__("r10") = 10, r8 __asm__("r8") = 8, r9 __asm__("r9") = 9;
    __asm__ volatile(EACH(LOAD_WIDE) "syscall\n nop\n nop\n nop\n" EACH(STORE_WIDE) "vzeroupper\n"
                     : "+a"(number), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
                     : [before] "r"(before), [after] "r"(after)
                     : CLOBBERED);
    kept = r10 == 10 && r8 == 8 && r9 == 9 ? a ^ b ^ c : -1;
    return number;
}

static void check(const char *what, long number, long a, long b, long c) {
    for (size_t at = 0; at < sizeof before; at++)
        before[at] = (unsigned char)(rand() >> 7);
    memcpy(after, before, sizeof after);
    int has_wide = __builtin_cpu_supports("avx");
    long result = has_wide ? wide(number, a, b, c) : narrow(number, a, b, c);
    uint32_t control;
    __asm__("stmxcsr %0" : "=m"(control));
    int same = memcmp(before, after, sizeof after) == 0;
    printf("%s: %s, vectors %s, others %s, control %x\n", what, result < 0 ? "error" : "done",
           same ? "kept" : "changed", kept == (a ^ b ^ c) ? "kept" : "changed", control);
}

int main(void) {
    static char buffer[8192];
    struct stat status;
    uint32_t control = 0x7f80; /* Rounds towards zero. */
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
    check("getpid", SYS_getpid, 0, 0, 0);
    check("write", SYS_write, 1, (long)"text\n", 5);
    check("open", SYS_open, (long)"/dev/zero", 0, 0);
    check("read", SYS_read, 3, (long)buffer, sizeof buffer);
    check("fstat", SYS_fstat, 3, (long)&status, 0);
    check("clock_gettime", SYS_clock_gettime, 1, (long)buffer, 0);
    check("mmap", SYS_mmap, 0, 1 << 20, 3);
    check("getrandom", SYS_getrandom, (long)buffer, 256, 0);
    check("brk", SYS_brk, 0, 0, 0);
    check("unknown", 999, 0, 0, 0);
    return 0;
}
