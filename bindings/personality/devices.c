/*
 * devices.c: character devices.
 */
#include "devices.h"

#include "console.h"
#include "random.h"

long device_read(struct node *node, void *buffer, size_t size) {
    switch (node->device) {
    case DEVICE_ZERO:
    case DEVICE_FULL:
        memset(buffer, 0, size);
        return (long)size;
    case DEVICE_RANDOM:
        return random_fill(buffer, size) ? (long)size : -EIO;
    default:
        return 0;
    }
}

long device_write(struct node *node, const void *buffer, size_t size) {
    if (node->device == DEVICE_CONSOLE)
        console_write(buffer, size);
    else if (node->device == DEVICE_FULL)
        return -ENOSPC;
    return (long)size;
}

struct node *devices_console(void) {
    static struct node *console;
    if (console != NULL || (console = node_make(S_IFIFO | 0600)) == NULL)
        return console;
    console->links = 1;
    console->device = DEVICE_CONSOLE;
    return console;
}
