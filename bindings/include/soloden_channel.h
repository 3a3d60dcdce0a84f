/*
 * soloden_channel.h: a stream of bytes each way, over a network device of the manifest that stands
 * for a socket to the program that started the unikernel.
 *
 * A packet is a byte that says what it is, and then a piece of the stream (1 to 32 KiB); or that
 * byte alone, which is a credit: the other side has read a piece. At most four pieces are on their
 * way without a credit, so that neither side ever finds the socket full, for which no unikernel
 * could wait. A byte of its own is the end of the stream, for good, and so is a packet of no bytes,
 * which a guest reads once the socket is closed. Unlike that, the byte leaves it free to sleep.
 *
 * Include it in one source of a program. It needs memcpy() and nothing but Solo5's calls.
 */
#ifndef SOLODEN_CHANNEL_H
#define SOLODEN_CHANNEL_H

#include "solo5.h"

#define SOLODEN_PIECE_SIZE 32768
#define SOLODEN_PIECES     4 /* that may be on their way */

enum { SOLODEN_PACKET_PIECE = 0, SOLODEN_PACKET_CREDIT = 1, SOLODEN_PACKET_END = 2 };

struct soloden_packet {
    size_t size;  /* of the piece */
    uint8_t what; /* what the packet is; the piece follows it */
    uint8_t piece[SOLODEN_PIECE_SIZE];
};

/* All zero but for the handle, to begin with. */
struct soloden_channel {
    solo5_handle_t handle;
    bool closed;     /* nothing more can be sent, nor arrive */
    unsigned sent;   /* pieces for which no credit has come */
    unsigned first;  /* of the pieces that have arrived, which is to be read next */
    unsigned queued; /* how many have arrived */
    size_t read;     /* bytes of that piece that were read */
    struct soloden_packet arrived[SOLODEN_PIECES + 1]; /* the last one takes in what comes next */
    struct soloden_packet going;
};

/* Takes in a packet. Returns whether there was one, or the end. */
static inline bool soloden_channel_take(struct soloden_channel *channel) {
    unsigned next = (channel->first + channel->queued) % (SOLODEN_PIECES + 1);
    struct soloden_packet *packet = &channel->arrived[next];
    size_t size = 0;
    solo5_result_t result =
        solo5_net_read(channel->handle, &packet->what, 1 + SOLODEN_PIECE_SIZE, &size);
    if (result == SOLO5_R_AGAIN)
        return false;
    if (result == SOLO5_R_OK && size == 1 && packet->what == SOLODEN_PACKET_CREDIT &&
        channel->sent > 0) {
        channel->sent--;
    } else if (result == SOLO5_R_OK && size > 1 && packet->what == SOLODEN_PACKET_PIECE &&
               channel->queued < SOLODEN_PIECES) {
        packet->size = size - 1;
        channel->queued++;
    } else {
        channel->closed = true;
    }
    return true;
}

/* Waits for a packet, or the end. */
static inline void soloden_channel_wait(struct soloden_channel *channel) {
    while (!soloden_channel_take(channel))
        solo5_yield(UINT64_MAX, NULL);
}

static inline void soloden_channel_send(struct soloden_channel *channel, const uint8_t *packet,
                                        size_t size) {
    if (!channel->closed && solo5_net_write(channel->handle, packet, size) != SOLO5_R_OK)
        channel->closed = true;
}

/* Reads up to `size` bytes, at least one. Waits for them. Returns how many; 0 is the end. */
static inline size_t soloden_channel_read(struct soloden_channel *channel, void *to, size_t size) {
    static const uint8_t credit[] = {SOLODEN_PACKET_CREDIT};
    while (channel->queued == 0 && !channel->closed)
        soloden_channel_wait(channel);
    if (channel->queued == 0 || size == 0)
        return 0;
    struct soloden_packet *packet = &channel->arrived[channel->first];
    size_t left = packet->size - channel->read;
    size_t count = size < left ? size : left;
    __builtin_memcpy(to, packet->piece + channel->read, count);
    channel->read += count;
    if (count < left)
        return count;
    channel->first = (channel->first + 1) % (SOLODEN_PIECES + 1);
    channel->queued--;
    channel->read = 0;
    soloden_channel_send(channel, credit, sizeof credit);
    return count;
}

/* Sends what was written by now, and waits where the other side is slow. Returns false at the end.
 */
static inline bool soloden_channel_flush(struct soloden_channel *channel) {
    struct soloden_packet *packet = &channel->going;
    if (packet->size == 0)
        return !channel->closed;
    while (channel->sent == SOLODEN_PIECES && !channel->closed)
        soloden_channel_wait(channel);
    channel->sent++;
    packet->what = SOLODEN_PACKET_PIECE;
    soloden_channel_send(channel, &packet->what, 1 + packet->size);
    packet->size = 0;
    return !channel->closed;
}

/* Writes all of `size` bytes. They go once they fill a piece, or are flushed. Returns false at the
 * end. */
static inline bool soloden_channel_write(struct soloden_channel *channel, const void *from,
                                         size_t size) {
    struct soloden_packet *packet = &channel->going;
    for (const uint8_t *bytes = (const uint8_t *)from; size > 0;) {
        size_t room = SOLODEN_PIECE_SIZE - packet->size;
        size_t count = size < room ? size : room;
        __builtin_memcpy(packet->piece + packet->size, bytes, count);
        packet->size += count;
        bytes += count;
        size -= count;
        if (packet->size == SOLODEN_PIECE_SIZE && !soloden_channel_flush(channel))
            return false;
    }
    return !channel->closed;
}

#endif
