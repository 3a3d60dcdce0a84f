/*
 * ready.h: what every launcher does between its beginning and a start.
 */
#ifndef IMAGES_READY_H
#define IMAGES_READY_H

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Says that the beginning is over; returns in every start. */
static inline void mark_ready(void) {
    int ready = open("/dev/soloden/ready", O_RDONLY | O_CLOEXEC);
    if (ready >= 0)
        close(ready);
}

/* Standard input is empty where its device is missing, as it is in packed scripts. */
static inline void find_input(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (poll(&input, 1, 0) <= 0 || !(input.revents & POLLERR))
        return;
    int empty = open("/dev/null", O_RDONLY);
    if (empty >= 0)
        dup2(empty, 0);
}

#endif
