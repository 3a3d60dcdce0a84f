/*
 * personality.h: what the files of the personality share. The personality answers the system calls
 * of one adopted Linux program, on the calls of solo5.h alone.
 */
#ifndef PERSONALITY_H
#define PERSONALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* All functions and variables are in the same image, at a distance that is known. */
#pragma GCC visibility push(hidden)

#include "linux_abi.h"
#include "personality_abi.h"
#include "solo5.h"

#define PAGE_SIZE 4096ul

static inline uintptr_t page_down(uintptr_t address) {
    return address & -PAGE_SIZE;
}

static inline uintptr_t page_up(uintptr_t address) {
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE;
}

/* What adopt.ts tells of the program. */
extern const struct personality_program personality_program;

/* The program's registers at a system call; entry.S lays them out. */
struct registers {
    uint64_t rax, rdi, rsi, rdx, r8, r9, r10;
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rsp; /* Where the trampoline's return address is. */
};

/* All registers to go on with; entry.S lays them out. */
struct resumption {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags;
};

/* ---- entry.S ---- */

_Noreturn void personality_enter(uintptr_t entry, uintptr_t stack);
_Noreturn void personality_resume(const struct resumption *resumption);

/* ---- calls.c ---- */

/* Answers a system call: its result, or an error's number, negated. */
long personality_call(struct registers *registers);

/* ---- memory.c: the program's memory ---- */

void memory_start(uintptr_t start, size_t size, size_t stack_size);
/* The end of the program's stack, and its size. */
uintptr_t memory_stack_end(void);
size_t memory_stack_size(void);
/* All memory and what is free of it, in bytes. */
size_t memory_total(void);
size_t memory_free(void);

/* Whether the program may read or write these bytes. */
bool memory_readable(uintptr_t address, size_t size);
bool memory_writable(uintptr_t address, size_t size);
/* The length of a string of the program's, without its NUL; -EFAULT, or -ENAMETOOLONG from `max`
 * on. */
long memory_string(uintptr_t address, size_t max);

/* Zeroed pages for the personality itself; NULL if there are none. */
void *memory_take(size_t size);
void memory_give(void *pages, size_t size);

long call_brk(uintptr_t end);
long call_mmap(uintptr_t address, size_t size, long protection, long flags, int fd,
               uint64_t offset);
long call_munmap(uintptr_t address, size_t size);
long call_mprotect(uintptr_t address, size_t size, long protection);
long call_mremap(uintptr_t address, size_t size, size_t new_size, long flags, uintptr_t target);
long call_madvise(uintptr_t address, size_t size, long advice);
long call_msync(uintptr_t address, size_t size, long flags);

/* ---- heap.c: memory for the personality's own objects ---- */

/* Zeroed; NULL if there is none. It is given back with its size. */
void *heap_allocate(size_t size);
void heap_free(void *object, size_t size);

/* ---- nodes.c: the file system's tree ---- */

/* What a character device is. */
enum device {
    DEVICE_NULL,
    DEVICE_ZERO,
    DEVICE_FULL,
    DEVICE_RANDOM,
    DEVICE_CONSOLE,
    DEVICE_READY /* To open it is the mark at which snapshots are taken. */
};

struct entry;

/* A file of any type. */
struct node {
    uint32_t mode; /* Type and permissions. */
    uint32_t links;
    uint32_t opened; /* How many open files, working directories and searches hold it. */
    uint32_t uid, gid;
    uint64_t number;
    uint64_t size;
    uint64_t atime, mtime, ctime; /* Nanoseconds since the Unix epoch. */
    union {
        struct {
            uint8_t *bytes;  /* Of a regular file, or the target of a symbolic link. */
            size_t capacity; /* 0: `bytes` is not the node's own. */
            /* Where the content is made anew whenever the file is opened; else NULL. */
            void (*refresh)(struct node *node);
        } content;
        struct {
            struct node *parent;
            struct entry *first, *last;
            uint64_t next; /* Cookie of the next entry. */
        } directory;
        enum device device;
        struct {
            solo5_handle_t handle;
            uint64_t block_size;
        } block;
    };
};

/* A name in a directory. */
struct entry {
    struct entry *next;
    struct node *node;
    uint64_t cookie; /* Ascending along the list: where a reader of the directory goes on. */
    size_t length;
    char name[];
};

static inline uint32_t node_type(const struct node *node) {
    return node->mode & S_IFMT;
}

/* The root directory. */
extern struct node *nodes_root;

/* Makes a file for the tree that the program starts with; the existing one if the image brings it. */
struct node *node_add(struct node *directory, const char *name, uint32_t mode);

void nodes_start(void);
/* Puts in the files that were added to the unikernel, in place of those with the same names. */
void nodes_add_files(void);
/* A file with no name yet; NULL without memory. */
struct node *node_make(uint32_t mode);
/* Frees the node if no name and no open file holds it. */
void node_settle(struct node *node);
struct entry *directory_find(const struct node *directory, const char *name, size_t length);
/* Adds a name; 0 or -ENOMEM. */
long directory_add(struct node *directory, const char *name, size_t length, struct node *node);
/* Removes a name; the node's links are counted down. */
void directory_remove(struct node *directory, struct entry *entry);
/* Sets a regular file's size; what is added is zero. 0 or -ENOSPC. */
long node_resize(struct node *node, uint64_t size);
/* Makes content writable and at least so large. 0 or -ENOSPC. */
long node_reserve(struct node *node, uint64_t size);
uint64_t node_count(void);
struct node *node_console(void);

/* ---- paths.c ---- */

/* Where a path leads. */
struct place {
    struct node *directory; /* In which the last name is. */
    const char *name;       /* The last name; its length is 0 for "/", "." and "..". */
    size_t length;
    struct node *node; /* NULL if there is no such file. */
    bool slash;        /* The path ends in a slash. */
};

/* What the last name of a path stands for. */
enum last {
    LAST_NAME,    /* A name to add or take away; whatever slashes follow, it is not gone into. */
    LAST_ITSELF,  /* A file; a symbolic link itself, unless a slash follows. */
    LAST_FOLLOWED /* A file, or where a symbolic link leads. */
};

/* Resolves a path of the program's: 0 or an error. */
long path_find(int directory, uintptr_t path, enum last last, struct place *place);
/* Finds an existing file: 0 or an error. */
long path_node(int directory, uintptr_t path, enum last last, struct node **node);
long call_getcwd(uintptr_t buffer, size_t size);
long call_chdir(uintptr_t path);
long call_fchdir(int fd);
extern struct node *path_working;

/* ---- descriptors.c ---- */

/* An open file, which several descriptors may share. */
struct file {
    struct node *node;
    uint32_t references;
    uint32_t flags; /* O_ACCMODE, O_APPEND, O_NONBLOCK... */
    uint64_t offset;
};

void descriptors_start(void);
/* The open file of a descriptor, or NULL. */
struct file *descriptor_file(int fd);
/* The lowest free descriptor from `least` on gets the file; -EMFILE. */
long descriptor_add(struct file *file, int least, bool close_on_exec);
/* Opens a node; an error if it cannot be. */
long descriptor_open(struct node *node, uint32_t flags);
long call_close(int fd);
long call_dup(int fd);
long call_dup2(int fd, int target);
long call_dup3(int fd, int target, long flags);
long call_fcntl(int fd, int command, uint64_t argument);
long call_poll(uintptr_t fds, size_t count, int64_t timeout);
long call_ppoll(uintptr_t fds, size_t count, uintptr_t timeout);
#define DESCRIPTORS 1024

/* ---- files.c ---- */

long call_read(int fd, uintptr_t buffer, size_t size);
long call_write(int fd, uintptr_t buffer, size_t size);
long call_pread(int fd, uintptr_t buffer, size_t size, int64_t offset);
long call_pwrite(int fd, uintptr_t buffer, size_t size, int64_t offset);
long call_readv(int fd, uintptr_t vector, long count);
long call_writev(int fd, uintptr_t vector, long count);
long call_preadv(int fd, uintptr_t vector, long count, int64_t offset);
long call_pwritev(int fd, uintptr_t vector, long count, int64_t offset);
long call_lseek(int fd, int64_t offset, int whence);
long call_truncate(uintptr_t path, int64_t size);
long call_ftruncate(int fd, int64_t size);
long call_sendfile(int to, int from, uintptr_t offset, size_t size);
/* Reads a node from an offset, with the buffer checked: the number of bytes, or an error. */
long file_read(struct node *node, void *buffer, size_t size, uint64_t offset);

/* ---- devices.c ---- */

long device_read(struct node *node, void *buffer, size_t size);
long device_write(struct node *node, const void *buffer, size_t size);
long block_read(struct node *node, void *buffer, size_t size, uint64_t offset);
long block_write(struct node *node, const void *buffer, size_t size, uint64_t offset);
void devices_start(void);

/* ---- names.c: what changes directories ---- */

long call_openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode);
long call_mkdirat(int directory, uintptr_t path, uint32_t mode);
long call_unlinkat(int directory, uintptr_t path, long flags);
long call_renameat2(int from, uintptr_t old, int to, uintptr_t new, long flags);
long call_linkat(int from, uintptr_t old, int to, uintptr_t new, long flags);
long call_symlinkat(uintptr_t target, int directory, uintptr_t path);
long call_umask(uint32_t mask);
long call_getdents64(int fd, uintptr_t buffer, size_t size);

/* ---- status.c: what is known of files ---- */

long call_stat(uintptr_t path, uintptr_t buffer);
long call_lstat(uintptr_t path, uintptr_t buffer);
long call_fstat(int fd, uintptr_t buffer);
long call_newfstatat(int directory, uintptr_t path, uintptr_t buffer, long flags);
long call_statx(int directory, uintptr_t path, long flags, uintptr_t buffer);
long call_statfs(uintptr_t path, uintptr_t buffer);
long call_fstatfs(int fd, uintptr_t buffer);
long call_faccessat(int directory, uintptr_t path, long mode, long flags);
long call_readlinkat(int directory, uintptr_t path, uintptr_t buffer, int64_t size);
long call_fchmodat(int directory, uintptr_t path, uint32_t mode);
long call_fchmod(int fd, uint32_t mode);
long call_fchownat(int directory, uintptr_t path, uint32_t uid, uint32_t gid, long flags);
long call_fchown(int fd, uint32_t uid, uint32_t gid);
long call_utimensat(int directory, uintptr_t path, uintptr_t times, long flags);

/* ---- clock.c ---- */

void clock_start(void);
/* Nanoseconds since the Unix epoch, and since the program's start. */
uint64_t clock_now(void);
uint64_t clock_elapsed(void);
long call_clock_gettime(long clock, uintptr_t buffer);
long call_clock_getres(long clock, uintptr_t buffer);
long call_clock_nanosleep(long clock, long flags, uintptr_t request);
long call_nanosleep(uintptr_t request);
long call_gettimeofday(uintptr_t buffer, uintptr_t zone);
long call_time(uintptr_t buffer);
long call_times(uintptr_t buffer);
/* Waits for nanoseconds. */
void clock_wait(uint64_t time);

/* ---- random.c ---- */

bool random_fill(void *buffer, size_t size);
long call_getrandom(uintptr_t buffer, size_t size, long flags);

/* ---- signals.c ---- */

long call_rt_sigaction(int signal, uintptr_t action, uintptr_t old, size_t size);
long call_rt_sigprocmask(int how, uintptr_t set, uintptr_t old, size_t size);
long call_rt_sigpending(uintptr_t set, size_t size);
long call_sigaltstack(uintptr_t stack, uintptr_t old, uintptr_t sp);
/* Sends a signal to the program; 0 or -EINVAL. */
long signals_send(int signal, int code);
/* Returns from a system call by way of the handlers of signals that are pending and not blocked. */
_Noreturn void signals_deliver(const struct registers *registers, long result);
/* Returns from a handler. */
_Noreturn void signals_return(const struct registers *registers);
extern uint64_t signals_pending, signals_blocked;

/* ---- process.c ---- */

#define PROCESS 1 /* The number of the program's only process and thread. */

long call_kill(long process, int signal);
long call_tgkill(long group, long thread, int signal);
long call_uname(uintptr_t buffer);
long call_prlimit(long process, unsigned resource, uintptr_t limit, uintptr_t old);
long call_getrusage(long who, uintptr_t buffer);
long call_sysinfo(uintptr_t buffer);
long call_sched_getaffinity(long process, size_t size, uintptr_t buffer);
long call_arch_prctl(long code, uintptr_t address);
long call_prctl(long option, uintptr_t argument);
long call_futex(uintptr_t word, long operation, uint32_t value, uintptr_t timeout);
long call_clone(uint64_t flags);
long call_ids(uintptr_t first, uintptr_t second, uintptr_t third);
long call_getgroups(void);

/* ---- end.c ---- */

_Noreturn void process_end(int status);

/* ---- console.c ---- */

void console_write(const void *bytes, size_t size);
/* A line about what the program asked for in vain. */
void console_say(const char *line);
void console_trace(const struct registers *registers, long result);

/* ---- arguments.c ---- */

/* Strings one after the other, each with its NUL. */
struct strings {
    char *bytes;
    size_t room; /* Of the memory that `bytes` begins. */
    size_t size;
    size_t count;
};

/* argv, and the environment. */
extern struct strings arguments, environment;

/* Takes the command line of this start apart; false without memory. */
bool arguments_start(const char *line);

/* ---- proc.c ---- */

/* Puts files of the program's own process into /proc/self. */
void proc_start(void);

/* ---- ready.c ---- */

/*
 * The mark of soloden_ready(). In a start of a snapshot that was taken here, this returns with that
 * start's arguments, environment and devices.
 */
void ready_mark(void);
/* What solo5_app_main was given. */
void ready_start(const struct solo5_start_info *info);

#pragma GCC visibility pop

#endif
