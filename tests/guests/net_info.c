/*
 * net_info.c: prints its network device's address and MTU, and sends a frame of the largest size.
 */
#include "guest.h"

static uint8_t frame[65536 + SOLO5_NET_HLEN];

static void print_decimal(size_t value) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    print(&digits[at]);
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    static const char hex[] = "0123456789abcdef";
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    for (size_t i = 0; i < SOLO5_NET_ALEN; i++) {
        uint8_t byte = net.mac_address[i];
        char text[] = {hex[byte >> 4], hex[byte & 15], i + 1 < SOLO5_NET_ALEN ? ':' : ' ', '\0'};
        print(text);
    }
    print_decimal(net.mtu);
    print("\n");
    frame[0] = frame[SOLO5_NET_HLEN + net.mtu - 1] = 0xff;
    if (solo5_net_write(handle, frame, SOLO5_NET_HLEN + net.mtu) != SOLO5_R_OK)
        return fail("write");
    return succeed();
}
