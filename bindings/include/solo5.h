/*
 * solo5.h: every call that a unikernel can make.
 *
 * The same calls work on every target. A unikernel has one thread of control: calls must not
 * overlap, and none of them interrupts the application. Only solo5_yield() waits; the others return
 * at once.
 */
#ifndef SOLO5_H
#define SOLO5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define SOLO5_NORETURN [[noreturn]]
#else
#define SOLO5_NORETURN _Noreturn
#endif

/* The result of a call. */
typedef enum {
    SOLO5_R_OK = 0,     /* Done. */
    SOLO5_R_AGAIN = 1,  /* Not possible now: wait with solo5_yield(), then try again. */
    SOLO5_R_EINVAL = 2, /* The arguments break the call's contract; nothing was done. */
    SOLO5_R_EUNSPEC = 3 /* The host failed; the reason is not given. */
} solo5_result_t;

/* A device. Its bit in a handle set is 1 << handle; the first device has handle 1. */
typedef uint64_t solo5_handle_t;
typedef uint64_t solo5_handle_set_t;

/* Nanoseconds. */
typedef uint64_t solo5_time_t;

/* Bytes from the start of a block device. */
typedef uint64_t solo5_off_t;

/* ---- Start and end ---- */

/* What the application gets at its start. */
struct solo5_start_info {
    const char *cmdline;  /* Command line without the bindings' own options; never NULL. */
    uintptr_t heap_start; /* Start of all memory after the image; page-aligned, zeroed. */
    size_t heap_size;     /* In bytes. The initial stack is at its end and grows down into it. */
};

/* The entry point, which the application defines. What it returns is passed to solo5_exit(). */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT   255

/* Ends the unikernel. `status` is the tender's exit status: 0 to 254 (255 means an abort). */
SOLO5_NORETURN void solo5_exit(int status);

/* Ends the unikernel after a fatal error: status 255, and a core dump if the tender makes one. */
SOLO5_NORETURN void solo5_abort(void);

/* ---- Thread-local storage ---- */

/*
 * The compiler's thread-local variables (local-exec model) live in blocks of memory that the
 * application provides, one for each of its threads:
 *
 *     block = allocate(solo5_tls_size());
 *     solo5_tls_init(block);
 *     solo5_set_tls_base(solo5_tls_tp_offset(block));
 *
 * No block is set up at the start: until one is, no thread-local variable may be used.
 */

/* Size of a block in bytes. It includes room to align the contents: a block may lie anywhere. */
size_t solo5_tls_size(void);

/* The thread pointer that belongs to the block at address `tls`. */
uintptr_t solo5_tls_tp_offset(uintptr_t tls);

/* Gives every variable of the block at address `tls` its initial value. Always OK. */
solo5_result_t solo5_tls_init(uintptr_t tls);

/* Makes `base` the thread pointer: from now on the variables are those of that block. */
solo5_result_t solo5_set_tls_base(uintptr_t base);

/* ---- Time ---- */

/* Time since some moment before the start; never goes backwards. */
solo5_time_t solo5_clock_monotonic(void);

/* Time since the Unix epoch, UTC, as the host has it; may jump. */
solo5_time_t solo5_clock_wall(void);

/*
 * Waits until monotonic time is at least `deadline`, or a network device, acquired or not, has
 * something to read. Never returns before that. If the deadline has passed already, only checks the
 * devices. Unless `ready_set` is NULL, stores the set of ready devices in it (0: the deadline came
 * first).
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/* ---- Console ---- */

/* Writes all of `size` bytes to the console. A failure is not reported. */
void solo5_console_write(const char *buf, size_t size);

/* ---- Network ---- */

#define SOLO5_NET_ALEN 6  /* Length of an Ethernet address. */
#define SOLO5_NET_HLEN 14 /* Length of an Ethernet header. */

struct solo5_net_info {
    uint8_t mac_address[SOLO5_NET_ALEN];
    size_t mtu; /* Largest payload of a frame in bytes, without the Ethernet header. */
};

/*
 * Acquires the network device that the manifest declares as `name`, and stores its handle and its
 * properties. EINVAL: there is no such device, or it is acquired already.
 */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info);

/*
 * Reads one frame with its header into `buf`, which should have room for mtu + SOLO5_NET_HLEN
 * bytes, and stores its length in `read_size`. AGAIN: no frame has arrived. EINVAL: `handle` is not
 * that of an acquired network device.
 */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

/* Sends one frame with its header. EINVAL: `handle` is not that of an acquired network device. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/* ---- Block storage ---- */

struct solo5_block_info {
    uint64_t capacity;   /* In bytes, a multiple of block_size. */
    uint64_t block_size; /* In bytes, a power of two, at least 512. */
};

/*
 * Acquires the block device that the manifest declares as `name`, and stores its handle and its
 * properties. EINVAL: there is no such device, or it is acquired already.
 */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info);

/*
 * Writes or reads one block: `size` is the block size, and `offset`, in bytes, is a multiple of it.
 * EINVAL: one of them is not, the block lies beyond the capacity, or `handle` is not that of an
 * acquired block device.
 */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf,
                                 size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf,
                                size_t size);

#ifdef __cplusplus
}
#endif

#endif
