/*
 * channels.c: streams of bytes to the program that started the unikernel. A channel's device is
 * acquired when it is first needed, so that a snapshot that was taken before asks nothing of it.
 */
#include "channels.h"

#include "heap.h"
#include "soloden_channel.h"

struct channel {
    struct channel *next;
    const char *name;
    struct soloden_channel *stream; /* NULL until the device is acquired. */
};

static struct channel *channels;

struct channel *channel_make(const char *name) {
    struct channel *channel = heap_allocate(sizeof *channel);
    if (channel == NULL)
        return NULL;
    channel->name = name;
    channel->next = channels;
    return channels = channel;
}

bool channels_exist(void) {
    return channels != NULL;
}

static bool acquire(struct channel *channel) {
    if (channel->stream != NULL)
        return true;
    /* Where there is no device, no memory is touched. */
    solo5_handle_t handle;
    struct solo5_net_info info;
    if (solo5_net_acquire(channel->name, &handle, &info) != SOLO5_R_OK)
        return false;
    struct soloden_channel *stream = heap_allocate(sizeof *stream);
    if (stream == NULL)
        return false;
    stream->handle = handle;
    channel->stream = stream;
    return true;
}

/* Takes in what has arrived. There is room for all that may be on its way. */
static void take(struct channel *channel) {
    if (!acquire(channel))
        return;
    while (!channel->stream->closed && soloden_channel_take(channel->stream))
        continue;
}

uint64_t channels_waited;

void channels_wait(uint64_t deadline) {
    uint64_t begun = solo5_clock_monotonic();
    solo5_yield(deadline, NULL);
    channels_waited += solo5_clock_monotonic() - begun;
    /* What is left on a device would end every wait at once. */
    for (struct channel *channel = channels; channel != NULL; channel = channel->next)
        take(channel);
}

static bool has_input(const struct soloden_channel *stream) {
    return stream->queued > 0 || stream->closed;
}

static bool has_room(const struct soloden_channel *stream) {
    return stream->sent < SOLODEN_PIECES || stream->closed;
}

long channel_read(struct channel *channel, void *buffer, size_t size, bool waits) {
    take(channel);
    struct soloden_channel *stream = channel->stream;
    if (stream == NULL)
        return -EIO;
    while (!has_input(stream)) {
        if (!waits)
            return -EAGAIN;
        channels_wait(~0ul);
    }
    return (long)soloden_channel_read(stream, buffer, size);
}

long channel_write(struct channel *channel, const void *buffer, size_t size, bool waits) {
    take(channel);
    struct soloden_channel *stream = channel->stream;
    if (stream == NULL)
        return -EIO;
    for (size_t done = 0; done < size;) {
        while (!has_room(stream)) {
            if (!waits)
                return done > 0 ? (long)done : -EAGAIN;
            channels_wait(~0ul);
        }
        size_t part = size - done < SOLODEN_PIECE_SIZE ? size - done : SOLODEN_PIECE_SIZE;
        if (!soloden_channel_write(stream, (const uint8_t *)buffer + done, part) ||
            !soloden_channel_flush(stream))
            return -EPIPE;
        done += part;
    }
    return (long)size;
}

int channel_events(struct channel *channel) {
    take(channel);
    const struct soloden_channel *stream = channel->stream;
    if (stream == NULL)
        return POLLERR;
    return (has_input(stream) ? POLLIN : 0) | (has_room(stream) ? POLLOUT : 0) |
           (stream->closed ? POLLHUP : 0);
}

void channels_resume(void) {
    for (struct channel *channel = channels; channel != NULL; channel = channel->next) {
        if (channel->stream == NULL)
            continue;
        /* The packets stay: to clear them would be to copy fifty pages in each start. */
        struct soloden_channel *stream = channel->stream;
        stream->closed = false;
        stream->sent = stream->first = stream->queued = 0;
        stream->read = stream->going.size = 0;
    }
}
