/*
 * hvt_net_ring.c: the guest's side of the network ring, with a tender of the test's own: one that
 * looks when it is told to, or one that looks all the time from a thread, as Solo5's does.
 */
#include <pthread.h>

#include "check.h"
#include "hvt_abi.h"

static struct hvt_ring shared;
static unsigned kicks;
static void serve(void);

/* In place of the target's. */
#define HYPERCALL_H
static void ring_kick(void) {
    kicks++;
    serve();
}

#include "hvt/net_ring.c"

#define HANDLE 1
#define MTU    1500

static struct mft_entry device = {.u.net_basic.mtu = MTU};

const struct mft_entry *device_entry(solo5_handle_t handle, mft_type_t type) {
    return handle <= 2 && type == MFT_DEV_NET_BASIC ? &device : NULL;
}

static _Alignas(4096) uint8_t memory[(AHEAD + SENDING) * FRAME];
static bool no_memory;
static unsigned reserved;

uintptr_t memory_reserve(struct boot *boot, size_t size) {
    (void)boot;
    CHECK(size == sizeof memory);
    reserved++;
    return no_memory ? 0 : (uintptr_t)memory;
}

/* Whether the program is a snapshot that has not gone on yet. */
static bool snapshot;

const struct soloden_record *mark_found(void) {
    static const struct soloden_record record;
    return snapshot ? &record : NULL;
}

/* The network: the frames that wait, each of which holds its number, and the number of the last
 * sent. */
static unsigned waiting, arrived, sent;
static size_t frame_size = 64;
static unsigned served;

static void serve(void) {
    uint32_t tail = __atomic_load_n(&shared.ent_tail, __ATOMIC_ACQUIRE);
    for (; shared.ent_head != tail; __atomic_fetch_add(&shared.ent_head, 1, __ATOMIC_RELEASE)) {
        struct hvt_ring_entry *entry = &shared.entries[shared.ent_head % HVT_RING_SLOTS];
        served++;
        if (entry->operation == HVT_RING_WRITE) {
            uint32_t number;
            memcpy(&number, (void *)entry->data, sizeof number);
            CHECK(number == ++sent && entry->len == frame_size);
            continue;
        }
        CHECK(entry->operation == HVT_RING_READ);
        struct hvt_ring_commit *commit = &shared.commits[shared.com_tail % HVT_RING_SLOTS];
        bool any = waiting > 0 && entry->handle == HANDLE;
        *commit =
            (struct hvt_ring_commit){.id = entry->id, .ret = any ? SOLO5_R_OK : SOLO5_R_AGAIN};
        if (any) {
            waiting--;
            arrived++;
            commit->len = (uint32_t)(frame_size < entry->len ? frame_size : entry->len);
            memset((void *)entry->data, (int)arrived, commit->len);
            memcpy((void *)entry->data, &arrived, sizeof arrived);
        }
        __atomic_store_n(&shared.com_tail, shared.com_tail + 1, __ATOMIC_RELEASE);
    }
}

/* What the hypercall does, where the ring leaves it to it. */
static unsigned hypercalls;

static solo5_result_t read_frame(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size) {
    solo5_result_t result;
    if (net_ring_read(handle, buf, size, read_size, &result))
        return result;
    hypercalls++;
    result = waiting > 0 && handle == HANDLE ? SOLO5_R_OK : SOLO5_R_AGAIN;
    if (result == SOLO5_R_OK) {
        waiting--;
        arrived++;
        memset(buf, (int)arrived, frame_size);
        memcpy(buf, &arrived, sizeof arrived);
        *read_size = frame_size;
    }
    net_ring_learn(handle, result);
    return result;
}

static void begin(uint32_t needs_kick) {
    static struct boot boot;
    shared = (struct hvt_ring){.needs_kick = needs_kick};
    /* Indices that soon run over. */
    shared.ent_tail = shared.ent_head = shared.com_tail = shared.com_head = -100u;
    struct hvt_boot_info info = {.host_features = HVT_FEATURE_NET_RING,
                                 .net_ring = (uintptr_t)&shared};
    net_ring_init(&info, &boot);
    memset(wanted, 0, sizeof wanted);
    memset(found, 0, sizeof found);
    waiting = arrived = sent = kicks = hypercalls = served = 0;
}

static uint8_t buffer[4096];

/* Reads a frame that has to be the next. */
static void expect(unsigned number) {
    size_t size = 0;
    unsigned got;
    memset(buffer, 0xee, sizeof buffer);
    CHECK(read_frame(HANDLE, buffer, sizeof buffer, &size) == SOLO5_R_OK);
    memcpy(&got, buffer, sizeof got);
    CHECK(got == number && size == frame_size);
    CHECK(buffer[frame_size - 1] == (uint8_t)number && buffer[frame_size] == 0xee);
}

static void expect_nothing(void) {
    size_t size = 77;
    CHECK(read_frame(HANDLE, buffer, sizeof buffer, &size) == SOLO5_R_AGAIN && size == 77);
}

static void frames_one_by_one(void) {
    begin(1);
    for (unsigned number = 1; number <= 20; number++) {
        waiting = 1;
        expect(number);
        expect_nothing();
    }
    CHECK(kicks == 0 && hypercalls == 40);
}

static void bursts(void) {
    begin(1);
    for (frame_size = 64; frame_size < 80; frame_size++) {
        arrived = kicks = hypercalls = 0;
        waiting = 1000;
        for (unsigned number = 1; number <= 1000; number++)
            expect(number);
        /* 2, 4, 8 and 16 ahead, then 32 each time. */
        CHECK(hypercalls <= 2 && kicks <= 4 + (1000 - 32) / 32 + 1);
        expect_nothing();
        expect_nothing();
        CHECK(net_ring_ready() == 0);
    }
    frame_size = 64;
}

static void bursts_that_end(void) {
    begin(1);
    waiting = 9;
    for (unsigned number = 1; number <= 9; number++)
        expect(number);
    CHECK(kicks == 3 && hypercalls == 2);
    /* One of eight was there: what comes meanwhile is found, in order. */
    waiting = 1;
    CHECK(net_ring_ready() == 0);
    expect(10);
    expect_nothing();
    unsigned before = kicks;
    waiting = 1;
    expect(11);
    CHECK(kicks == before);
}

static void frames_ahead(void) {
    begin(1);
    waiting = 6;
    for (unsigned number = 1; number <= 3; number++)
        expect(number);
    /* The next is here already, whatever the tender says. */
    CHECK(waiting == 2 && net_ring_ready() == UINT64_C(1) << HANDLE);
    /* Another device's frames do not wait for these, and are none of these. */
    size_t size = 0;
    unsigned before = hypercalls;
    CHECK(read_frame(2, buffer, sizeof buffer, &size) == SOLO5_R_AGAIN && hypercalls == before + 1);
    expect(4);
    CHECK(net_ring_ready() == 0);
    expect(5);
    expect(6);
    expect_nothing();
    /* What does not fit is lost. */
    waiting = 5;
    expect(7);
    expect(8);
    expect(9);
    memset(buffer, 0xee, sizeof buffer);
    CHECK(read_frame(HANDLE, buffer, 10, &size) == SOLO5_R_OK && size == 10 && buffer[10] == 0xee);
    expect(11);
}

static void long_frames(void) {
    begin(1);
    device.u.net_basic.mtu = FRAME - FRAME_HEADER + 1;
    waiting = 10;
    for (unsigned number = 1; number <= 10; number++)
        expect(number);
    CHECK(kicks == 0 && hypercalls == 10);
    device.u.net_basic.mtu = MTU;
}

static void sending_frames(void) {
    begin(1);
    unsigned number = 1;
    memcpy(buffer, &number, sizeof number);
    /* The hypercall is as fast as waking the tender. */
    CHECK(!net_ring_write(HANDLE, buffer, 64));
    /* A tender that looks unasked gets all of them, until it wants to be told. */
    shared.needs_kick = 0;
    for (; number <= SENDING; number++) {
        memcpy(buffer, &number, sizeof number);
        CHECK(net_ring_write(HANDLE, buffer, 64) && kicks == 0);
    }
    /* What was sent before comes first. */
    shared.needs_kick = 1;
    net_ring_drain();
    CHECK(sent == SENDING && kicks == 1);
    CHECK(!net_ring_write(HANDLE, buffer, 64));
    shared.needs_kick = 0;
    memcpy(buffer, &number, sizeof number);
    CHECK(net_ring_write(HANDLE, buffer, 64));
    shared.needs_kick = 1;
    number++;
    memcpy(buffer, &number, sizeof number);
    CHECK(net_ring_write(HANDLE, buffer, 64) && sent == SENDING + 2);
    /* So it does before a long frame, which the ring does not take. */
    shared.needs_kick = 0;
    number++;
    memcpy(buffer, &number, sizeof number);
    CHECK(net_ring_write(HANDLE, buffer, 64) && sent == SENDING + 2);
    shared.needs_kick = 1;
    CHECK(!net_ring_write(HANDLE, buffer, FRAME + 1) && sent == SENDING + 3);
}

static bool stop;

/* Looks all the time. */
static void *polling(void *argument) {
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        serve();
        sched_yield();
    }
    return NULL;
}

static void a_tender_that_polls(void) {
    pthread_t thread;
    begin(0);
    waiting = 2000;
    CHECK(pthread_create(&thread, NULL, polling, NULL) == 0);
    wanted[HANDLE] = 2;
    for (unsigned number = 1; number <= 2000; number++) {
        expect(number);
        memcpy(buffer, &number, sizeof number);
        CHECK(net_ring_write(HANDLE, buffer, 64));
    }
    /* More than there is room for at once. */
    for (unsigned number = 2001; number <= 12000; number++) {
        memcpy(buffer, &number, sizeof number);
        CHECK(net_ring_write(HANDLE, buffer, 64));
    }
    net_ring_drain();
    CHECK(sent == 12000 && kicks == 0 && hypercalls == 0);
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void no_ring(void) {
    struct boot boot = {0};
    struct hvt_boot_info info = {.host_features = HVT_FEATURE_NET_RING,
                                 .net_ring = (uintptr_t)&shared};
    no_memory = true;
    net_ring_init(&info, &boot);
    no_memory = false;
    reserved = 0;
    waiting = 3;
    arrived = hypercalls = 0;
    for (unsigned number = 1; number <= 3; number++)
        expect(number);
    CHECK(hypercalls == 3 && net_ring_ready() == 0 && !net_ring_write(HANDLE, buffer, 64));
    net_ring_drain();
    info.host_features = ~HVT_FEATURE_NET_RING;
    net_ring_init(&info, &boot);
    CHECK(ring == NULL);
    info = (struct hvt_boot_info){.host_features = HVT_FEATURE_NET_RING};
    net_ring_init(&info, &boot);
    CHECK(ring == NULL && reserved == 0);
    /* The memory of a snapshot is all taken. */
    info.net_ring = (uintptr_t)&shared;
    snapshot = true;
    net_ring_init(&info, &boot);
    CHECK(ring == NULL && reserved == 0);
    snapshot = false;
}

int main(void) {
    frames_one_by_one();
    bursts();
    bursts_that_end();
    frames_ahead();
    long_frames();
    sending_frames();
    a_tender_that_polls();
    no_ring();
    return 0;
}
