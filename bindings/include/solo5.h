/*
 * solo5.h: every call that a unikernel can make.
 *
 * The same calls work on every target. A unikernel is one thread of control: no call here may be
 * made while another is under way, and none of them interrupts the application. Calls return at
 * once; only solo5_yield() waits.
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
    SOLO5_R_AGAIN = 1,  /* Nothing to do now: wait with solo5_yield(), then ask again. */
    SOLO5_R_EINVAL = 2, /* The arguments break the call's contract; nothing was done. */
    SOLO5_R_EUNSPEC = 3 /* The host failed, for a reason that is not given. */
} solo5_result_t;

/* A device. Its bit in a handle set is 1 << handle; the first device has handle 1. */
typedef uint64_t solo5_handle_t;
typedef uint64_t solo5_handle_set_t;

/* Nanoseconds. */
typedef uint64_t solo5_time_t;

/* Bytes from the start of a block device. */
typedef uint64_t solo5_off_t;

/* ---- Start and end ---- */

/* What the application starts with. */
struct solo5_start_info {
    const char *cmdline;  /* Command line without the bindings' own options; never NULL. */
    uintptr_t heap_start; /* All memory behind the image, page-aligned, zeroed. */
    size_t heap_size;     /* In bytes. The initial stack is at its end and grows down into it. */
};

/* The application's entry point, which it defines. To return from it is to call solo5_exit(). */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT   255

/* Ends the unikernel; the tender's exit status is `status` (0 to 254; 255 reads as an abort). */
SOLO5_NORETURN void solo5_exit(int status);

/* Ends the unikernel as broken: status 255, and a core dump where the tender makes one. */
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
 * None is set up at start: no thread-local variable may be touched before.
 */

/* Size of a block in bytes, with what it takes to align its content in memory of any alignment. */
size_t solo5_tls_size(void);

/* The thread pointer that belongs to the block at address `tls`. */
uintptr_t solo5_tls_tp_offset(uintptr_t tls);

/* Gives every variable of the block at address `tls` its initial value. Always OK. */
solo5_result_t solo5_tls_init(uintptr_t tls);

/* Makes `base` the thread pointer: from now on the variables are those of its block. */
solo5_result_t solo5_set_tls_base(uintptr_t base);

/* ---- Time ---- */

/* Time since some moment before the start; never goes back. */
solo5_time_t solo5_clock_monotonic(void);

/* Time since the Unix epoch, UTC, as the host has it; may jump. */
solo5_time_t solo5_clock_wall(void);

/*
 * Waits until monotonic time is at least `deadline` or a network device has something to read,
 * acquired or not, whichever comes first, and never returns before. With a deadline that has
 * passed it only looks. Unless `ready_set` is NULL, the devices that are ready are stored in it
 * (0: the deadline came first).
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/* ---- Console ---- */

/* Writes `size` bytes to the console, all of them; there is nobody to report a failure to. */
void solo5_console_write(const char *buf, size_t size);

/* ---- Network ---- */

#define SOLO5_NET_ALEN 6  /* Length of an Ethernet address. */
#define SOLO5_NET_HLEN 14 /* Length of an Ethernet header. */

struct solo5_net_info {
    uint8_t mac_address[SOLO5_NET_ALEN];
    size_t mtu; /* Largest payload of a frame in bytes, the Ethernet header not counted. */
};

/*
 * Takes the network device that the manifest declares as `name`, and stores its handle and what it
 * is like. EINVAL: there is no such device, or it has been taken already.
 */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info);

/*
 * Reads one frame, header included, into `buf`, which should hold mtu + SOLO5_NET_HLEN bytes, and
 * stores its length in `read_size`. AGAIN: none has arrived. EINVAL: not such a device.
 */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

/* Sends one frame, header included. EINVAL: not such a device. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/* ---- Block storage ---- */

struct solo5_block_info {
    uint64_t capacity;   /* In bytes, a multiple of block_size. */
    uint64_t block_size; /* In bytes, a power of two from 512 on. */
};

/*
 * Takes the block device that the manifest declares as `name`, and stores its handle and what it
 * is like. EINVAL: there is no such device, or it has been taken already.
 */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info);

/*
 * Writes or reads one block: `size` is the block size and `offset`, in bytes, a multiple of it.
 * EINVAL: it is not, or the block lies past the capacity, or it is not such a device.
 */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf,
                                 size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf,
                                size_t size);

#ifdef __cplusplus
}
#endif

#endif
