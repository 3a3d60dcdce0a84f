/*
 * tcp_echo.c: a host on a network, 10.0.2.15, that accepts one connection of TCP at a time on any
 * port, and sends back what it receives. Its network loses nothing and keeps the order, so it sends
 * nothing twice and keeps nothing: every segment is answered in place. It ends when its peer does,
 * and at a frame that is too short for any protocol.
 */
#include "guest.h"

#define FRAME_MAX 2048
#define WINDOW    1400

/* Offsets in a frame: Ethernet, then ARP, or IPv4 without options and TCP. */
enum {
    ETH_TO = 0,
    ETH_FROM = 6,
    ETH_TYPE = 12,
    ARP = SOLO5_NET_HLEN,
    ARP_OPERATION = ARP + 6,
    ARP_SENDER = ARP + 8,
    ARP_TARGET = ARP + 18,
    ARP_TARGET_IP = ARP + 24,
    ARP_END = ARP + 28,
    IP = SOLO5_NET_HLEN,
    IP_LENGTH = IP + 2,
    IP_PROTOCOL = IP + 9,
    IP_CHECKSUM = IP + 10,
    IP_FROM = IP + 12,
    IP_TO = IP + 16,
    TCP = IP + 20,
    TCP_TO = TCP + 2,
    TCP_NUMBER = TCP + 4,
    TCP_ACKNOWLEDGED = TCP + 8,
    TCP_OFFSET = TCP + 12,
    TCP_FLAGS = TCP + 13,
    TCP_WINDOW = TCP + 14,
    TCP_CHECKSUM = TCP + 16,
    TCP_URGENT = TCP + 18,
    TCP_DATA = TCP + 20,
};

enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806, PROTOCOL_TCP = 6 };
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static const uint8_t address[4] = {10, 0, 2, 15};
static uint8_t frame[FRAME_MAX];
static uint8_t mac[SOLO5_NET_ALEN];
/* The numbers of the next byte to send, and of the next one to receive. */
static uint32_t next_number, expected;

static uint32_t get(size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | frame[at + i];
    return value;
}

static void put(size_t at, size_t size, uint32_t value) {
    for (size_t i = size; i > 0; i--, value >>= 8)
        frame[at + i - 1] = (uint8_t)value;
}

static void copy(size_t to, const uint8_t *from, size_t size) {
    for (size_t i = 0; i < size; i++)
        frame[to + i] = from[i];
}

static void exchange(size_t a, size_t b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = frame[a + i];
        frame[a + i] = frame[b + i];
        frame[b + i] = byte;
    }
}

static bool is_ours(size_t at) {
    for (size_t i = 0; i < sizeof address; i++)
        if (frame[at + i] != address[i])
            return false;
    return true;
}

/* The sum of the internet's checksums, over bytes that follow each other. */
static uint32_t sum(size_t at, size_t size) {
    uint32_t total = 0;
    for (size_t i = 0; i < size; i++)
        total += (uint32_t)frame[at + i] << (i % 2 == 0 ? 8 : 0);
    return total;
}

static uint32_t complement(uint32_t total) {
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

/* Makes the segment in the frame one of ours, with so many bytes of data in place. Returns the
 * frame's size. */
static size_t segment(uint32_t flags, size_t length) {
    size_t tcp_size = TCP_DATA - TCP + length;
    put(TCP_NUMBER, 4, next_number);
    put(TCP_ACKNOWLEDGED, 4, expected);
    put(TCP_OFFSET, 1, (TCP_DATA - TCP) / 4 << 4);
    put(TCP_FLAGS, 1, flags);
    put(TCP_WINDOW, 2, WINDOW);
    put(TCP_URGENT, 2, 0);
    put(IP_LENGTH, 2, (uint32_t)(TCP - IP + tcp_size));
    put(IP_CHECKSUM, 2, 0);
    put(IP_CHECKSUM, 2, complement(sum(IP, TCP - IP)));
    put(TCP_CHECKSUM, 2, 0);
    uint32_t pseudo_header = sum(IP_FROM, 8) + PROTOCOL_TCP + (uint32_t)tcp_size;
    put(TCP_CHECKSUM, 2, complement(pseudo_header + sum(TCP, tcp_size)));
    next_number += (uint32_t)length + ((flags & (SYN | FIN)) != 0);
    return TCP + tcp_size;
}

/* Turns a segment into its answer. Returns the answer's size; 0 if there is none. */
static size_t answer_tcp(bool *ended) {
    uint32_t flags = get(TCP_FLAGS, 1);
    uint32_t number = get(TCP_NUMBER, 4);
    size_t data = TCP + (get(TCP_OFFSET, 1) >> 4) * 4;
    size_t length = IP + get(IP_LENGTH, 2) - data;
    if ((flags & RST) != 0 || (length == 0 && (flags & (SYN | FIN)) == 0))
        return 0;
    exchange(IP_FROM, IP_TO, sizeof address);
    exchange(TCP, TCP_TO, 2);
    /* What the peer sends again, because this was slow to answer, was answered. */
    if ((flags & SYN) == 0 && number != expected)
        return segment(ACK, 0);
    expected = number + (uint32_t)length + ((flags & (SYN | FIN)) != 0);
    *ended = (flags & FIN) != 0;
    if ((flags & SYN) != 0)
        return segment(SYN | ACK, 0);
    copy(TCP_DATA, frame + data, length);
    return segment(ACK | (length > 0 ? PSH : 0) | (flags & FIN), length);
}

static size_t answer_arp(void) {
    if (get(ARP_OPERATION, 2) != ARP_REQUEST || !is_ours(ARP_TARGET_IP))
        return 0;
    put(ARP_OPERATION, 2, ARP_REPLY);
    exchange(ARP_SENDER, ARP_TARGET, 10);
    copy(ARP_SENDER, mac, sizeof mac);
    return ARP_END;
}

static size_t answer(size_t size, bool *ended) {
    size_t answered = 0;
    if (get(ETH_TYPE, 2) == TYPE_ARP)
        answered = answer_arp();
    else if (get(ETH_TYPE, 2) == TYPE_IP && size >= TCP_DATA &&
             get(IP_PROTOCOL, 1) == PROTOCOL_TCP && is_ours(IP_TO))
        answered = answer_tcp(ended);
    copy(ETH_TO, frame + ETH_FROM, sizeof mac);
    copy(ETH_FROM, mac, sizeof mac);
    return answered;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    for (size_t i = 0; i < sizeof mac; i++)
        mac[i] = net.mac_address[i];
    print("listening\n");
    for (bool ended = false; !ended;) {
        size_t size = 0;
        solo5_result_t result = solo5_net_read(handle, frame, sizeof frame, &size);
        if (result == SOLO5_R_AGAIN) {
            solo5_yield(UINT64_MAX, NULL);
            continue;
        }
        if (result != SOLO5_R_OK)
            return fail("read");
        if (size < ARP_END)
            break;
        size_t answered = answer(size, &ended);
        if (answered > 0 && solo5_net_write(handle, frame, answered) != SOLO5_R_OK)
            return fail("write");
    }
    return succeed();
}
