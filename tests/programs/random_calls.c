/*
 * random_calls.c: makes random system calls with random arguments, many of them nonsense, and ends
 * well if none of them ended it. Arguments: a seed, and how many calls.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t state;

static uint64_t draw(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

#define SCRATCH (1 << 16)

/* Behind it nothing is mapped, so that no call changes what this program needs. */
static char *scratch;
static const char constant[64] = "constant";
static const char *const paths[] = {"a", "b", "d", "d/a", "/dev/null", "/proc/self", "..", "l", ""};

/*
 * These end the program, wait, change what its own memory is, which descriptors it can have, or
 * where handlers return to.
 */
static int is_left_out(long number) {
    static const int left_out[] = {SYS_exit,
                                   SYS_exit_group,
                                   SYS_kill,
                                   SYS_tkill,
                                   SYS_tgkill,
                                   SYS_rt_sigqueueinfo,
                                   SYS_rt_tgsigqueueinfo,
                                   SYS_rt_sigsuspend,
                                   SYS_rt_sigtimedwait,
                                   SYS_rt_sigreturn,
                                   SYS_pause,
                                   SYS_nanosleep,
                                   SYS_clock_nanosleep,
                                   SYS_poll,
                                   SYS_ppoll,
                                   SYS_select,
                                   SYS_pselect6,
                                   SYS_futex,
                                   SYS_mknod,
                                   SYS_mknodat,
                                   SYS_setrlimit,
                                   SYS_prlimit64,
                                   SYS_arch_prctl,
                                   SYS_brk,
                                   SYS_mmap,
                                   SYS_mremap,
                                   SYS_munmap,
                                   SYS_mprotect,
                                   SYS_madvise,
                                   SYS_clone,
                                   SYS_clone3,
                                   SYS_fork,
                                   SYS_vfork,
                                   SYS_execve,
                                   SYS_execveat};
    for (size_t at = 0; at < sizeof left_out / sizeof *left_out; at++) {
        if (number == left_out[at])
            return 1;
    }
    return 0;
}

static uint64_t argument(void) {
    switch (draw(10)) {
    case 0:
        return draw(16);
    case 1:
        return (uint64_t)scratch + draw(SCRATCH);
    case 2:
        return (uint64_t)paths[draw(sizeof paths / sizeof *paths)];
    case 3:
        return draw(8192);
    case 4:
        return (uint64_t)constant + draw(64);
    case 5:
        return -draw(8192);
    case 6:
        return state;
    case 7:
        return 1ul << draw(64);
    case 8:
        return (uint64_t)scratch + SCRATCH - draw(64);
    default:
        return draw(2) ? 0 : ~0ul;
    }
}

#define DESCRIPTORS 16

/* No descriptor waits, and no pipe without a reader ends the program. */
static void keep_going(void) {
    for (int fd = 3; fd < DESCRIPTORS; fd++)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
}

int main(int count, char **words) {
    if (count < 3)
        return 1;
    int private = MAP_PRIVATE | MAP_ANONYMOUS;
    scratch = mmap(NULL, SCRATCH + 4096, PROT_READ | PROT_WRITE, private, -1, 0);
    munmap(scratch + SCRATCH, 4096);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){DESCRIPTORS, DESCRIPTORS});
    state = strtoul(words[1], NULL, 0) * 2654435761u + 1;
    for (long left = atol(words[2]); left > 0; left--) {
        long number = (long)draw(460);
        uint64_t first = argument();
        /* The console stays free for what is said at the end. */
        if (is_left_out(number) || ((number == SYS_dup2 || number == SYS_dup3 ||
                                     number == SYS_close || number == SYS_close_range) &&
                                    (uint32_t)first < 3))
            continue;
        if (draw(50) == 0) {
            for (size_t at = 0; at < SCRATCH; at += 8)
                *(uint64_t *)(scratch + at) = argument();
        }
        if ((number == SYS_write || number == SYS_writev || number == SYS_pwritev ||
             number == SYS_sendfile || number == SYS_pwrite64 || number == SYS_pwritev2) &&
            (int)first < 3)
            first = 3 + draw(5);
        uint64_t rest[5];
        for (int at = 0; at < 5; at++)
            rest[at] = argument();
        if ((number == SYS_dup2 || number == SYS_dup3) && (int)rest[0] < 3)
            continue;
        keep_going();
        syscall(number, first, rest[0], rest[1], rest[2], rest[3], rest[4]);
    }
    static const char end[] = "all calls returned\n";
    return write(2, end, sizeof end - 1) == sizeof end - 1 ? 0 : 1;
}
