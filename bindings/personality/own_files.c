/*
 * own_files.c: the files that every program finds, whatever the image brings: devices, /proc/self,
 * and a directory for temporary files.
 */
#include "own_files.h"

#include "blocks.h"
#include "channels.h"
#include "descriptors.h"
#include "devices.h"
#include "paths.h"
#include "proc.h"
#include "tree.h"

static void add_device(struct node *directory, const char *name, enum device device) {
    struct node *node = tree_add(directory, name, S_IFCHR | 0666);
    if (node != NULL)
        node->device = device;
}

static void add_devices(struct node *directory) {
    add_device(directory, "null", DEVICE_NULL);
    add_device(directory, "zero", DEVICE_ZERO);
    add_device(directory, "full", DEVICE_FULL);
    add_device(directory, "random", DEVICE_RANDOM);
    add_device(directory, "urandom", DEVICE_RANDOM);
    add_device(directory, "console", DEVICE_CONSOLE);
    /* The devices of the manifest may have given it already. */
    add_device(directory, "stdin", DEVICE_NULL);
    add_device(directory, "stdout", DEVICE_CONSOLE);
    add_device(directory, "stderr", DEVICE_CONSOLE);
    tree_directory(directory, "shm", 01777);
    add_device(tree_directory(directory, "soloden", 0755), "ready", DEVICE_READY);
}

/* Where the image has nothing in /etc, root has a name. */
static void add_accounts(void) {
    if (directory_find(nodes_root, "etc", 3) != NULL)
        return;
    struct node *directory = tree_directory(nodes_root, "etc", 0755);
    tree_text(directory, "passwd", S_IFREG | 0644, "root:x:0:0:root:/:/bin/sh\n");
    tree_text(directory, "group", S_IFREG | 0644, "root:x:0:\n");
}

static void add_channels(struct node *directory) {
    const char *name = (const char *)personality_program.channels;
    const char *end = name + personality_program.channels_size;
    for (; name < end; name += strlen(name) + 1) {
        struct node *node = tree_add(directory, name, S_IFIFO | 0600);
        if (node == NULL)
            continue;
        node->device = DEVICE_CHANNEL;
        node->channel = channel_make(name);
    }
}

/* Standard input is a device of that name, or empty; output and error are the console. */
static void open_standard(const struct node *devices) {
    struct node *input = directory_find(devices, "stdin", 5)->node;
    uint32_t type = node_type(input);
    if (type == S_IFDIR || type == S_IFLNK)
        input = node_make(S_IFCHR | 0666);
    descriptor_open(input, O_RDONLY);
    descriptor_open(devices_console(), O_WRONLY);
    call_dup(1);
}

void own_files_start(void) {
    struct node *devices = tree_directory(nodes_root, "dev", 0755);
    blocks_start(devices);
    add_channels(devices);
    add_devices(devices);
    tree_directory(nodes_root, "tmp", 01777);
    proc_start(tree_directory(nodes_root, "proc", 0555));
    add_accounts();
    paths_start();
    open_standard(devices);
}
