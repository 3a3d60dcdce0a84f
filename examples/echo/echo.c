/*
 * echo.c: a host on a network that answers ARP and ping, and sends back the UDP that it receives.
 *
 *   ip tuntap add tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0 && ip link set tap0 up
 *   soloden build --manifest examples/echo/manifest.json examples/echo/echo.c
 *   soloden run --net:service=tap0 echo.spt 10.0.0.2/24
 *   ping 10.0.0.2
 *
 * Every answer is made in place, by exchanging the sender and the receiver of the request. The sum
 * over a packet does not change when its parts change places, so checksums stay as they are, and a
 * packet that arrived damaged goes back damaged, for its sender to notice.
 */
#include <stdbool.h>

#include "solo5.h"

#define FRAME_MAX 16384

/* Offsets in a frame: Ethernet, then ARP, or IPv4 without options and ICMP or UDP. */
enum {
    ETH_TO = 0,
    ETH_FROM = 6,
    ETH_TYPE = 12,
    ARP = SOLO5_NET_HLEN,
    ARP_OPERATION = ARP + 6,
    ARP_SENDER = ARP + 8,
    ARP_TARGET = ARP + 18,
    ARP_END = ARP + 28,
    IP = SOLO5_NET_HLEN,
    IP_LENGTH = IP + 2,
    IP_FRAGMENT = IP + 6,
    IP_PROTOCOL = IP + 9,
    IP_FROM = IP + 12,
    IP_TO = IP + 16,
    PAYLOAD = IP + 20,
    ICMP_TYPE = PAYLOAD,
    ICMP_CHECKSUM = PAYLOAD + 2,
    UDP_FROM = PAYLOAD,
    UDP_TO = PAYLOAD + 2,
    PAYLOAD_HEADER_SIZE = 8,
};

enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806 };
enum { ARP_REQUEST = 1, ARP_REPLY = 2, ARP_PAIR_SIZE = 10 };
enum { IP_NO_OPTIONS = 0x45, IP_PART_MASK = 0x3fff };
enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17 };
enum { ICMP_ECHO_REQUEST = 8, ICMP_ECHO_REPLY = 0 };

static uint8_t frame[FRAME_MAX];
static uint8_t mac[SOLO5_NET_ALEN];
static uint8_t address[4];

static uint16_t get16(size_t at) {
    return (uint16_t)(frame[at] << 8 | frame[at + 1]);
}

static void put16(size_t at, uint16_t value) {
    frame[at] = (uint8_t)(value >> 8);
    frame[at + 1] = (uint8_t)value;
}

static void put(size_t at, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        frame[at + i] = bytes[i];
}

static void exchange(size_t a, size_t b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = frame[a + i];
        frame[a + i] = frame[b + i];
        frame[b + i] = byte;
    }
}

static bool holds(size_t at, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (frame[at + i] != bytes[i])
            return false;
    }
    return true;
}

/* Who has this address? We do. */
static bool answer_arp(size_t size) {
    static const uint8_t ethernet_to_ip[] = {0, 1, 8, 0, SOLO5_NET_ALEN, sizeof address};
    if (size < ARP_END || !holds(ARP, ethernet_to_ip, sizeof ethernet_to_ip) ||
        get16(ARP_OPERATION) != ARP_REQUEST ||
        !holds(ARP_TARGET + SOLO5_NET_ALEN, address, sizeof address))
        return false;
    put16(ARP_OPERATION, ARP_REPLY);
    exchange(ARP_SENDER, ARP_TARGET, ARP_PAIR_SIZE);
    put(ARP_SENDER, mac, sizeof mac);
    return true;
}

static bool answer_icmp(void) {
    if (frame[ICMP_TYPE] != ICMP_ECHO_REQUEST)
        return false;
    frame[ICMP_TYPE] = ICMP_ECHO_REPLY;
    /* The checksum is the complement of a sum, which is now smaller by the request's type. */
    uint32_t sum = get16(ICMP_CHECKSUM) + (ICMP_ECHO_REQUEST << 8);
    put16(ICMP_CHECKSUM, (uint16_t)(sum + (sum >> 16)));
    return true;
}

static bool answer_ip(size_t size) {
    if (size < PAYLOAD + PAYLOAD_HEADER_SIZE || frame[IP] != IP_NO_OPTIONS ||
        get16(IP_LENGTH) < PAYLOAD + PAYLOAD_HEADER_SIZE - IP || get16(IP_LENGTH) > size - IP ||
        (get16(IP_FRAGMENT) & IP_PART_MASK) != 0 || !holds(IP_TO, address, sizeof address))
        return false;
    exchange(IP_FROM, IP_TO, sizeof address);
    switch (frame[IP_PROTOCOL]) {
    case PROTOCOL_ICMP:
        return answer_icmp();
    case PROTOCOL_UDP:
        exchange(UDP_FROM, UDP_TO, 2);
        return true;
    default:
        return false;
    }
}

/* Turns the frame into its answer; false if it gets none. */
static bool answer(size_t size) {
    if (size < SOLO5_NET_HLEN)
        return false;
    bool to_us = holds(ETH_TO, mac, sizeof mac);
    bool answered = false;
    if (get16(ETH_TYPE) == TYPE_ARP && (to_us || (frame[ETH_TO] & 1) != 0))
        answered = answer_arp(size);
    else if (get16(ETH_TYPE) == TYPE_IP && to_us)
        answered = answer_ip(size);
    put(ETH_TO, frame + ETH_FROM, sizeof mac);
    put(ETH_FROM, mac, sizeof mac);
    return answered;
}

/* Reads `10.0.0.2` or `10.0.0.2/24`. The prefix is not used: answers go back to whoever asked. */
static bool parse_address(const char *text) {
    for (size_t part = 0; part < sizeof address + 1; part++) {
        unsigned value = 0, digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
            value = value * 10 + (unsigned)(*text - '0');
        if (digits == 0 || value > (part == sizeof address ? 32 : 255))
            return false;
        if (part == sizeof address)
            return *text == '\0';
        address[part] = (uint8_t)value;
        if (part == sizeof address - 1 && *text == '\0')
            return true;
        if (*text++ != (part == sizeof address - 1 ? '/' : '.'))
            return false;
    }
    return false;
}

static void print(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    solo5_console_write(text, length);
}

static int gone(void) {
    print("echo: the network is gone\n");
    return SOLO5_EXIT_FAILURE;
}

int solo5_app_main(const struct solo5_start_info *info) {
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (!parse_address(info->cmdline)) {
        print("usage: echo ADDRESS[/PREFIX], such as 10.0.0.2/24\n");
        return SOLO5_EXIT_FAILURE;
    }
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK) {
        print("echo: there is no network device 'service'\n");
        return SOLO5_EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof mac; i++)
        mac[i] = net.mac_address[i];
    print("echo: listening on ");
    print(info->cmdline);
    print("\n");
    for (;;) {
        size_t size;
        switch (solo5_net_read(handle, frame, sizeof frame, &size)) {
        case SOLO5_R_OK:
            /* Only a wire that is closed at its other end gives frames of no bytes. */
            if (size == 0)
                return gone();
            /* A frame that cannot be sent is lost, as on any network. */
            if (answer(size))
                solo5_net_write(handle, frame, size);
            break;
        case SOLO5_R_AGAIN:
            solo5_yield(UINT64_MAX, NULL);
            break;
        default:
            return gone();
        }
    }
}
