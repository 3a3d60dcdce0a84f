/*
 * proc.c: the files of /proc/self that programs read.
 */
#include "proc.h"

#include "arguments.h"
#include "tree.h"

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

static void add_file(struct node *directory, const char *name, void (*refresh)(struct node *)) {
    struct node *node = tree_add(directory, name, S_IFREG | 0444);
    if (node != NULL)
        node->content.refresh = refresh;
}

static void add_link(struct node *directory, const char *name, const char *target) {
    struct node *node = tree_add(directory, name, S_IFLNK | 0777);
    if (node == NULL)
        return;
    node->content.bytes = (uint8_t *)target;
    node->size = strlen(target);
}

void proc_start(struct node *directory) {
    add_link(directory, "exe", (const char *)personality_program.path);
    add_file(directory, "cmdline", refresh_arguments);
    add_file(directory, "environ", refresh_environment);
}
