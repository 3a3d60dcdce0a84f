/*
 * same_calls.c: makes the system calls that its second argument lists, in the directory of its
 * first, and prints what each returns. What it prints is the same wherever Linux's rules are kept:
 * no addresses, times, or numbers of files. Eight bytes, in hexadecimal, are a call: which, and
 * what with. No call waits.
 */
#include "same_calls/descriptors.h"
#include "same_calls/memory.h"
#include "same_calls/names.h"
#include "same_calls/signals.h"

static void (*const calls[])(choice b) = {
    call_open,     call_open,     call_open,     call_openat,  call_close,   call_read,
    call_pread,    call_write,    call_write,    call_pwrite,  call_vectors, call_lseek,
    call_dup,      call_fcntl,    call_pipe,     call_poll,    call_select,  call_copy,
    call_mkdir,    call_remove,   call_rename,   call_link,    call_stat,    call_access,
    call_chmod,    call_times,    call_chdir,    call_umask,   call_mmap,    call_memory,
    call_brk,      call_sigmask,  call_kill,     call_pending, call_clock,   call_sigaction,
    call_readlink, call_getdents, call_truncate,
};

static int digit(char character) {
    return character <= '9' ? character - '0' : character - 'a' + 10;
}

/* Goes to a new directory, so far below another that no sequence of calls leaves that. */
static int begin(const char *directory) {
    if (chdir(directory) != 0)
        return -1;
    for (int depth = 0; depth < 5; depth++) {
        if (mkdir("x", 0700) != 0 || chdir("x") != 0)
            return -1;
    }
    base = getcwd(NULL, 0);
    base_size = strlen(base) + 1;
    return 0;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    if (count < 3 || begin(words[1]) != 0)
        return 1;
    umask(0);
    signal(SIGPIPE, SIG_IGN);
    close_range(3, ~0u, 0);
    /* Something to begin with, whatever the calls are. */
    int ends[2];
    if (open("a", O_RDWR | O_CREAT, 0700) != 3 || mkdir("d", 0700) != 0 || symlink("a", "l") != 0 ||
        pipe2(ends, O_NONBLOCK) != 0 || open("d/a", O_RDWR | O_CREAT, 0700) != 6)
        return 1;
    memset(long_name, 'n', sizeof long_name - 1);
    const char *text = words[2];
    for (int number = 0; strlen(text) >= 16; number++, text += 16) {
        uint8_t bytes[8];
        for (int at = 0; at < 8; at++)
            bytes[at] = (uint8_t)(digit(text[2 * at]) * 16 + digit(text[2 * at + 1]));
        printf("%d: ", number);
        CHOOSE(calls, bytes[0])(bytes + 1);
        if (handled != 0)
            printf("  handled %d\n", handled);
        handled = 0;
    }
    return 0;
}
