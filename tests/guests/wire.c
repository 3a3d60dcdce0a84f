/*
 * wire.c: one of several on a network. `echo` sends back every frame until the other end is closed;
 * `ping N` sends N numbered frames, and waits for each to come back; `flood N` sends them at once, and
 * ends; `count` says that it is there by a frame of its own, and counts those that come in order until
 * the other end is closed.
 */
#include "guest.h"

#define TRY_AGAIN_NS 1000000

static uint8_t frame[65536 + 18];
static solo5_handle_t handle;

/* Reads a frame; 0 if the other end is closed, for good. */
static size_t receive(void) {
    for (;;) {
        size_t size = 0;
        switch (solo5_net_read(handle, frame, sizeof frame, &size)) {
        case SOLO5_R_OK:
            return size;
        case SOLO5_R_AGAIN:
            solo5_yield(UINT64_MAX, NULL);
            break;
        default:
            return 0;
        }
    }
}

/* Sends a frame, as soon as there is room for it. */
static bool send(size_t size) {
    for (;;) {
        solo5_result_t result = solo5_net_write(handle, frame, size);
        if (result != SOLO5_R_AGAIN)
            return result == SOLO5_R_OK;
        /* Frames that wait to be read end this at once: no matter. */
        solo5_yield(solo5_clock_monotonic() + TRY_AGAIN_NS, NULL);
    }
}

static void put_number(uint32_t number) {
    for (int i = 0; i < 4; i++)
        frame[SOLO5_NET_HLEN + i] = (uint8_t)(number >> 8 * i);
}

static uint32_t number_of_frame(void) {
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number |= (uint32_t)frame[SOLO5_NET_HLEN + i] << 8 * i;
    return number;
}

static uint32_t parse(const char *text) {
    uint32_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint32_t)(*text - '0');
    return number;
}

static void print_number(uint32_t number) {
    char text[11];
    int at = sizeof text;
    text[--at] = '\n';
    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    solo5_console_write(text + at, sizeof text - (size_t)at);
}

static int echo(void) {
    size_t size;
    while ((size = receive()) != 0)
        if (!send(size))
            return fail("send");
    return succeed();
}

static int ping(uint32_t count) {
    for (uint32_t number = 0; number < count; number++) {
        put_number(number);
        if (!send(60))
            return fail("send");
        put_number(~number);
        if (receive() != 60 || number_of_frame() != number)
            return fail("another frame came back");
    }
    return succeed();
}

static int flood(uint32_t count) {
    for (uint32_t number = 0; number < count; number++) {
        put_number(number);
        if (!send(60))
            return fail("send");
    }
    return succeed();
}

static int count(void) {
    put_number(UINT32_MAX);
    if (!send(60))
        return fail("send");
    uint32_t number = 0;
    while (receive() != 0)
        if (number_of_frame() == number)
            number++;
    print_number(number);
    return succeed();
}

int solo5_app_main(const struct solo5_start_info *info) {
    struct solo5_net_info net;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    const char *command = info->cmdline;
    switch (command[0]) {
    case 'e':
        return echo();
    case 'p':
        return ping(parse(command + length("ping ")));
    case 'f':
        return flood(parse(command + length("flood ")));
    default:
        return count();
    }
}
