/*
 * own_files.c: the files that every program finds, whatever the image brings: devices, /proc/self,
 * and a directory for temporary files.
 */
#include "own_files.h"

#include "blocks.h"
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
    add_device(directory, "stdin", DEVICE_NULL);
    add_device(directory, "stdout", DEVICE_CONSOLE);
    add_device(directory, "stderr", DEVICE_CONSOLE);
    add_device(tree_directory(directory, "soloden", 0755), "ready", DEVICE_READY);
}

void own_files_start(void) {
    struct node *devices = tree_directory(nodes_root, "dev", 0755);
    add_devices(devices);
    blocks_start(devices);
    tree_directory(nodes_root, "tmp", 01777);
    proc_start(tree_directory(tree_directory(nodes_root, "proc", 0555), "self", 0555));
    paths_start();
    /* Standard input is empty; standard output and standard error are the console. */
    struct node *input = node_make(S_IFCHR | 0666);
    input->links = 1;
    descriptor_open(input, O_RDONLY);
    descriptor_open(devices_console(), O_WRONLY);
    call_dup(1);
}
