/*
 * hvt_abi.h: the contract between a unikernel and the hvt tender (a virtual machine), ABI 2.
 */
#ifndef SOLO5_HVT_ABI_H
#define SOLO5_HVT_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "mft_abi.h"

#define HVT_ABI_VERSION    2
#define HVT_GUEST_MIN_BASE 0x100000

/* Boot info. The entry point gets its address. */
struct hvt_boot_info {
    uint64_t mem_size;       /* Size of guest memory, which starts at 0, in bytes. */
    uint64_t kernel_end;     /* End of the image. */
    uint64_t cpu_cycle_freq; /* Frequency of the CPU's counter (TSC, CNTVCT_EL0), in Hz. */
    const char *cmdline;
    const struct mft *mft;
    uint32_t host_features;
    uint32_t guest_features;
    uint64_t net_ring; /* Address of the network ring, where host_features offers one. */
};

/* In host_features: there is a network ring. */
#define HVT_FEATURE_NET_RING 1u

/* Indices run freely; the slot of an index is its remainder. */
#define HVT_RING_SLOTS 1024u

enum hvt_ring_operation { HVT_RING_WRITE = 1, HVT_RING_READ };

/* A request: to send `len` bytes, or to receive up to so many. */
struct hvt_ring_entry {
    uint32_t operation;
    uint32_t handle;
    uint64_t data; /* Address. */
    uint32_t len;
    uint32_t id;
    uint64_t reserved;
};

/* The answer to a read; a write has none. */
struct hvt_ring_commit {
    uint32_t id;
    int32_t ret; /* A solo5_result_t. */
    uint32_t len;
    uint32_t reserved;
};

/*
 * The network ring. The guest writes to the first 64 bytes, the tender to the next. While
 * needs_kick is not 0, the guest has to tell of requests, by a 32-bit write of any value: on x86_64
 * to port HVT_RING_PIO, on aarch64 to address HVT_RING_MMIO.
 */
struct hvt_ring {
    uint32_t ent_tail; /* Requests are added here, */
    uint32_t com_head; /* and commits taken here. */
    uint8_t reserved_guest[56];
    uint32_t ent_head; /* Requests are taken here, */
    uint32_t com_tail; /* and commits added here. */
    uint32_t needs_kick;
    uint8_t reserved_tender[52];
    struct hvt_ring_entry entries[HVT_RING_SLOTS];
    struct hvt_ring_commit commits[HVT_RING_SLOTS];
};

/*
 * Hypercall N is a 32-bit write of the address of its argument block: on x86_64 to port
 * HVT_HYPERCALL_PIO_BASE + N, on aarch64 to address HVT_HYPERCALL_ADDRESS(N), which is above guest
 * memory. The tender fills in the fields marked `out`.
 */
#if defined(__aarch64__)
#define HVT_HYPERCALL_MMIO_BASE  UINT64_C(0x100000000)
#define HVT_HYPERCALL_ADDRESS(n) (HVT_HYPERCALL_MMIO_BASE + 8 * (uint64_t)(n))
#define HVT_RING_MMIO            (HVT_HYPERCALL_MMIO_BASE + 0x100)
#else
#define HVT_HYPERCALL_PIO_BASE 0x500
#define HVT_RING_PIO           0x600
#endif

enum hvt_hypercall {
    HVT_HYPERCALL_WALLTIME = 1,
    HVT_HYPERCALL_PUTS,
    HVT_HYPERCALL_POLL,
    HVT_HYPERCALL_BLOCK_WRITE,
    HVT_HYPERCALL_BLOCK_READ,
    HVT_HYPERCALL_NET_WRITE,
    HVT_HYPERCALL_NET_READ,
    HVT_HYPERCALL_HALT
};

struct hvt_hc_walltime {
    uint64_t nsecs; /* out: since the Unix epoch. */
};

struct hvt_hc_puts {
    const char *data;
    size_t len;
};

struct hvt_hc_poll {
    uint64_t timeout_nsecs; /* From now. */
    uint64_t ready_set;     /* out: bit N is set if handle N is ready. */
    int32_t ret;            /* out: how many are ready. */
};

struct hvt_hc_block_write {
    uint64_t handle;
    uint64_t offset;
    const void *data;
    size_t len;
    int32_t ret; /* out: a solo5_result_t, as in the calls below. */
};

struct hvt_hc_block_read {
    uint64_t handle;
    uint64_t offset;
    void *data;
    size_t len;
    int32_t ret;
};

struct hvt_hc_net_write {
    uint64_t handle;
    const void *data;
    size_t len;
    int32_t ret;
};

struct hvt_hc_net_read {
    uint64_t handle;
    void *data;
    size_t len; /* in: room; out: bytes read. */
    int32_t ret;
};

#define HVT_HALT_COOKIE_MAX 512

struct hvt_hc_halt {
    const void *cookie; /* NULL, or a struct hvt_trap_frame. */
    int32_t exit_status;
};

#if defined(__aarch64__)
/* A CPU trap: registers of the exception level that handles it. */
struct hvt_trap_frame {
    uint64_t far;
    uint64_t esr;
    uint64_t elr;
    uint64_t spsr;
    uint64_t sp; /* Before the trap. */
};
#else
/* A CPU trap, as the CPU and the first instructions of the trap leave it on the stack. */
struct hvt_trap_frame {
    uint64_t cr2;
    uint64_t ec;
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};
#endif

#endif
