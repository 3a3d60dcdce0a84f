/*
 * net_ring.c: frames through the ring that a tender may offer.
 *
 * While frames come one by one, they are received by hypercalls. When more of them wait, one kick
 * asks for several, which are then here when the application reads them.
 *
 * Frames are sent through the ring only while the tender looks at it unasked. To wake it would take
 * as long as the hypercall does, which also tells what became of the frame.
 */
#include "net_ring.h"

#include "../common/bindings.h"
#include "../common/cpu.h"
#include "../common/mark.h"
#include "hypercall.h"

/* Longest frame of a buffer here, in bytes. Longer ones go through hypercalls. */
#define FRAME 2048u
/* What comes before a frame's payload: addresses, a VLAN's tag, a type. */
#define FRAME_HEADER 18u
/* Most frames that are asked for at once, and most that wait to be sent. */
#define AHEAD   32u
#define SENDING 32u
/* NULL where there is none. */
static struct hvt_ring *ring;
static uint8_t (*received)[FRAME];
static uint8_t (*sending)[FRAME];

/* The frames that were asked for at once. */
static struct {
    solo5_handle_t handle;
    unsigned asked;
    unsigned taken;
} ahead;

/* How many to ask for, by handle; 1 for a hypercall. */
static uint8_t wanted[MFT_MAX_ENTRIES];
/* Whether the last read found a frame, by handle. */
static bool found[MFT_MAX_ENTRIES];

/*
 * The memory for the buffers is the application's, so it is taken only where there is a ring, and
 * enough of it.
 */
void net_ring_init(const struct hvt_boot_info *info, struct boot *boot) {
    ring = NULL;
    ahead.asked = ahead.taken = 0;
    if (!(info->host_features & HVT_FEATURE_NET_RING) || info->net_ring == 0)
        return;
    /* All the memory of a snapshot is the application's already. */
    if (mark_found() != NULL)
        return;
    uintptr_t memory = memory_reserve(boot, (AHEAD + SENDING) * FRAME);
    if (memory == 0)
        return;
    ring = (struct hvt_ring *)(uintptr_t)info->net_ring;
    received = (uint8_t(*)[FRAME])memory;
    sending = received + AHEAD;
}

/* Requests that the tender has not taken yet. */
static uint32_t pending(void) {
    return ring->ent_tail - __atomic_load_n(&ring->ent_head, __ATOMIC_ACQUIRE);
}

static void request(enum hvt_ring_operation operation, solo5_handle_t handle, const uint8_t *data,
                    uint32_t len) {
    uint32_t index = ring->ent_tail;
    struct hvt_ring_entry *entry = &ring->entries[index % HVT_RING_SLOTS];
    entry->operation = operation;
    entry->handle = (uint32_t)handle;
    entry->data = (uintptr_t)data;
    entry->len = len;
    entry->id = index;
    __atomic_store_n(&ring->ent_tail, index + 1, __ATOMIC_RELEASE);
}

/* Tells the tender of requests, if it does not look unasked. */
static void tell(void) {
    /* The tender sets needs_kick, then looks for requests; here it is the other way round. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring->needs_kick, __ATOMIC_RELAXED) != 0)
        ring_kick();
}

/* Asks for frames; the first goes to `first`, the others to the buffers here. */
static void ask(solo5_handle_t handle, uint8_t *first, uint32_t size) {
    ahead.handle = handle;
    ahead.asked = wanted[handle];
    ahead.taken = 0;
    request(HVT_RING_READ, handle, first, size);
    for (unsigned i = 1; i < ahead.asked; i++)
        request(HVT_RING_READ, handle, received[i], FRAME);
    tell();
}

/* The commit of the next frame, once the tender has written it. */
static struct hvt_ring_commit *next_commit(void) {
    while (__atomic_load_n(&ring->com_tail, __ATOMIC_ACQUIRE) == ring->com_head)
        cpu_relax();
    return &ring->commits[ring->com_head % HVT_RING_SLOTS];
}

/* Goes past the answers that there was no frame; whether there is one. */
static bool any_ahead(void) {
    for (; ahead.taken < ahead.asked; ahead.taken++, ring->com_head++) {
        if (next_commit()->ret != SOLO5_R_AGAIN)
            return true;
        /* Not so many, then. */
        wanted[ahead.handle] = 1;
    }
    return false;
}

/* In words: a KVM that emulates the CPU copies a word as fast as a byte. */
static void copy(uint8_t *to, const uint8_t *from, size_t size) {
    size_t words = size / sizeof(uint64_t);
    size_t done = words * sizeof(uint64_t);
    cpu_copy_words(to, from, words);
    cpu_copy_up(to + done, from + done, size - done);
}

/* Takes the next of the frames ahead. */
static solo5_result_t take(uint8_t *buf, size_t size, size_t *read_size) {
    struct hvt_ring_commit *commit = &ring->commits[ring->com_head++ % HVT_RING_SLOTS];
    solo5_result_t result = (solo5_result_t)commit->ret;
    size_t len = commit->len < size ? commit->len : size;
    /* The first is in the caller's buffer already. */
    if (ahead.taken > 0)
        copy(buf, received[ahead.taken], len);
    if (result == SOLO5_R_OK)
        *read_size = len;
    if (++ahead.taken == ahead.asked && wanted[ahead.handle] > 1)
        wanted[ahead.handle] = (uint8_t)(ahead.asked < AHEAD ? 2 * ahead.asked : AHEAD);
    return result;
}

/* Whether frames of a device fit into the buffers here. */
static bool fits(solo5_handle_t handle) {
    return device_entry(handle, MFT_DEV_NET_BASIC)->u.net_basic.mtu + FRAME_HEADER <= FRAME;
}

bool net_ring_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size,
                   solo5_result_t *result) {
    if (ring == NULL)
        return false;
    bool others = ahead.taken < ahead.asked && ahead.handle != handle;
    if (others || (ahead.taken == ahead.asked && wanted[handle] <= 1))
        return false;
    if (!any_ahead()) {
        if (wanted[handle] <= 1 || size > UINT32_MAX)
            return false;
        ask(handle, buf, (uint32_t)size);
    }
    *result = any_ahead() ? take(buf, size, read_size) : SOLO5_R_AGAIN;
    return true;
}

void net_ring_learn(solo5_handle_t handle, solo5_result_t result) {
    bool finds = result == SOLO5_R_OK;
    if (ring != NULL && finds && found[handle] && fits(handle))
        wanted[handle] = 2;
    found[handle] = finds;
}

bool net_ring_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    if (ring == NULL)
        return false;
    if (size > FRAME) {
        /* Frames do not overtake each other. */
        net_ring_drain();
        return false;
    }
    if (ring->needs_kick != 0 && pending() == 0)
        return false;
    while (pending() >= SENDING)
        cpu_relax();
    uint8_t *frame = sending[ring->ent_tail % SENDING];
    copy(frame, buf, size);
    request(HVT_RING_WRITE, handle, frame, (uint32_t)size);
    tell();
    return true;
}

void net_ring_drain(void) {
    while (ring != NULL && pending() > 0) {
        tell();
        cpu_relax();
    }
}

solo5_handle_set_t net_ring_ready(void) {
    if (ring == NULL || !any_ahead())
        return 0;
    return UINT64_C(1) << ahead.handle;
}
