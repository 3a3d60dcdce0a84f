/*
 * proc.c: the files of /proc/self that programs read.
 */
#include "personality.h"

/* Shows strings of the personality's. */
static void show(struct node *node, const struct strings *strings) {
    node->content.bytes = (uint8_t *)strings->bytes;
    node->size = strings->size;
}

static void refresh_arguments(struct node *node) {
    show(node, &arguments);
}

static void refresh_environment(struct node *node) {
    show(node, &environment);
}

/* A file that the image does not bring. */
static void add_file(struct node *directory, const char *name, void (*refresh)(struct node *)) {
    if (directory_find(directory, name, strlen(name)) == NULL)
        node_add(directory, name, S_IFREG | 0444)->content.refresh = refresh;
}

static void add_link(struct node *directory, const char *name, const char *target) {
    if (directory_find(directory, name, strlen(name)) != NULL)
        return;
    struct node *node = node_add(directory, name, S_IFLNK | 0777);
    node->content.bytes = (uint8_t *)target;
    node->size = strlen(target);
}

void proc_start(void) {
    struct node *proc = node_add(nodes_root, "proc", S_IFDIR | 0555);
    struct node *self = node_add(proc, "self", S_IFDIR | 0555);
    add_link(self, "exe", (const char *)personality_program.path);
    add_file(self, "cmdline", refresh_arguments);
    add_file(self, "environ", refresh_environment);
}
