/*
 * plain_net.c: what tests/guests/bench_net.c does, as an ordinary program.
 *
 *     plain_net INTERFACE COUNT
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned char frame[1514] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
                                    0,    0,    0,    0,    1,    0x88, 0xb5};

int main(int argc, char **argv) {
    if (argc != 3)
        return 1;
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        return 1;
    for (long count = atol(argv[2]); count > 0; count--)
        if (write(fd, frame, sizeof frame) != sizeof frame)
            return 1;
    return 0;
}
