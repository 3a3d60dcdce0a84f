/*
 * nodes.c: the file system's tree, in memory. It begins as what the image holds. A file's content
 * stays in the image, which cannot be written, until the program writes to the file.
 */
#include "personality.h"

struct node *nodes_root;

static uint64_t last_number;

uint64_t node_count(void) {
    return last_number;
}

struct node *node_make(uint32_t mode) {
    struct node *node = heap_allocate(sizeof *node);
    if (node == NULL)
        return NULL;
    node->mode = mode;
    node->number = ++last_number;
    node->atime = node->mtime = node->ctime = clock_now();
    return node;
}

void node_settle(struct node *node) {
    if (node->links > 0 || node->opened > 0)
        return;
    uint32_t type = node_type(node);
    if ((type == S_IFREG || type == S_IFLNK) && node->content.capacity > 0)
        heap_free(node->content.bytes, node->content.capacity);
    heap_free(node, sizeof *node);
}

struct entry *directory_find(const struct node *directory, const char *name, size_t length) {
    for (struct entry *entry = directory->directory.first; entry != NULL; entry = entry->next) {
        if (entry->length == length && memcmp(entry->name, name, length) == 0)
            return entry;
    }
    return NULL;
}

long directory_add(struct node *directory, const char *name, size_t length, struct node *node) {
    struct entry *entry = heap_allocate(sizeof *entry + length + 1);
    if (entry == NULL)
        return -ENOMEM;
    entry->node = node;
    entry->length = length;
    memcpy(entry->name, name, length);
    entry->cookie = ++directory->directory.next;
    if (directory->directory.last == NULL)
        directory->directory.first = entry;
    else
        directory->directory.last->next = entry;
    directory->directory.last = entry;
    node->links++;
    if (node_type(node) == S_IFDIR) {
        node->links++; /* Its own "." */
        node->directory.parent = directory;
        directory->links++;
    }
    directory->mtime = directory->ctime = node->ctime = clock_now();
    return 0;
}

void directory_remove(struct node *directory, struct entry *entry) {
    struct entry **link = &directory->directory.first, *before = NULL;
    while (*link != entry) {
        before = *link;
        link = &before->next;
    }
    *link = entry->next;
    if (directory->directory.last == entry)
        directory->directory.last = before;
    struct node *node = entry->node;
    node->links--;
    if (node_type(node) == S_IFDIR) {
        node->links--;
        directory->links--;
    }
    directory->mtime = directory->ctime = node->ctime = clock_now();
    heap_free(entry, sizeof *entry + entry->length + 1);
}

long node_reserve(struct node *node, uint64_t size) {
    if (node->content.capacity >= size && node->content.capacity > 0)
        return 0;
    if (size > memory_total())
        return -ENOSPC;
    size_t wanted = node->content.capacity * 2;
    if (wanted < size)
        wanted = size;
    if (wanted < node->size)
        wanted = node->size;
    if (wanted > 2048)
        wanted = page_up(wanted);
    uint8_t *bytes = heap_allocate(wanted < 64 ? wanted = 64 : wanted);
    if (bytes == NULL)
        return -ENOSPC;
    memcpy(bytes, node->content.bytes, node->size);
    if (node->content.capacity > 0)
        heap_free(node->content.bytes, node->content.capacity);
    node->content.bytes = bytes;
    node->content.capacity = wanted;
    return 0;
}

long node_resize(struct node *node, uint64_t size) {
    if (size > node->size) {
        long error = node_reserve(node, size);
        if (error != 0)
            return error;
    } else if (node->content.capacity > 0)
        memset(node->content.bytes + size, 0, node->size - size);
    node->size = size;
    node->mtime = node->ctime = clock_now();
    return 0;
}

/* ---- The tree that the program starts with ---- */

struct node *node_add(struct node *directory, const char *name, uint32_t mode) {
    struct entry *entry = directory_find(directory, name, strlen(name));
    if (entry != NULL)
        return entry->node;
    struct node *node = node_make(mode);
    directory_add(directory, name, strlen(name), node);
    return node;
}

static void add_device(struct node *directory, const char *name, enum device device) {
    struct node *node = node_add(directory, name, S_IFCHR | 0666);
    if (node_type(node) == S_IFCHR)
        node->device = device;
}

static struct node *console;

struct node *node_console(void) {
    return console;
}

static struct node *load(const struct personality_file *file) {
    struct node *node = node_make(file->mode);
    if (node == NULL)
        return NULL;
    node->uid = file->uid;
    node->gid = file->gid;
    if (node_type(node) != S_IFDIR) {
        node->content.bytes = (uint8_t *)file->content;
        node->size = file->size;
    }
    return node;
}

/* Makes way for a file; true if it is a directory that is there already. */
static bool replace(struct node *directory, const struct personality_file *file) {
    const char *name = (const char *)file->name;
    struct entry *entry = directory_find(directory, name, strlen(name));
    if (entry == NULL)
        return false;
    if (node_type(entry->node) == S_IFDIR && (file->mode & S_IFMT) == S_IFDIR)
        return true;
    directory_remove(directory, entry);
    return false;
}

/* Puts files into a tree, whose root the first of them is. */
static bool load_all(struct node *root, const struct personality_file *files, size_t count) {
    struct node **nodes = memory_take(count * sizeof *nodes);
    if (nodes == NULL)
        return false;
    nodes[0] = root;
    for (size_t number = 1; number < count; number++) {
        const struct personality_file *file = &files[number];
        const char *name = (const char *)file->name;
        struct node *directory = nodes[file->parent];
        /* Nothing is in the way in a tree that is being made. */
        if (nodes_root != NULL && replace(directory, file)) {
            nodes[number] = directory_find(directory, name, strlen(name))->node;
            continue;
        }
        nodes[number] = file->link != 0 ? nodes[file->link] : load(file);
        if (nodes[number] == NULL ||
            directory_add(directory, name, strlen(name), nodes[number]) != 0)
            return false;
    }
    /* What was added changed the times of directories. */
    for (size_t number = 0; number < count; number++) {
        if (files[number].link == 0)
            nodes[number]->atime = nodes[number]->mtime = nodes[number]->ctime =
                (uint64_t)files[number].mtime * 1000000000;
    }
    memory_give(nodes, count * sizeof *nodes);
    return true;
}

static _Noreturn void fail_to_load(void) {
    console_say("not enough memory for the root file system");
    process_end(1);
}

void nodes_add_files(void) {
    const struct personality_room *room = (const void *)personality_program.room;
    if (room != NULL && room->count > 0 &&
        !load_all(nodes_root, (const void *)room->files, room->count))
        fail_to_load();
}

void nodes_start(void) {
    const struct personality_program *program = &personality_program;
    const struct personality_file *files = (const void *)program->root;
    struct node *root = load(files);
    if (root == NULL || !load_all(root, files, program->root_count))
        fail_to_load();
    nodes_root = root;
    nodes_root->links = nodes_root->links + 2;
    nodes_root->directory.parent = nodes_root;
    struct node *devices = node_add(nodes_root, "dev", S_IFDIR | 0755);
    add_device(devices, "null", DEVICE_NULL);
    add_device(devices, "zero", DEVICE_ZERO);
    add_device(devices, "full", DEVICE_FULL);
    add_device(devices, "random", DEVICE_RANDOM);
    add_device(devices, "urandom", DEVICE_RANDOM);
    add_device(devices, "console", DEVICE_CONSOLE);
    add_device(devices, "stdout", DEVICE_CONSOLE);
    add_device(devices, "stderr", DEVICE_CONSOLE);
    add_device(devices, "stdin", DEVICE_NULL);
    add_device(node_add(devices, "soloden", S_IFDIR | 0755), "ready", DEVICE_READY);
    /* Programs see the console as a pipe: it is no terminal. */
    console = node_make(S_IFIFO | 0600);
    console->links = 1;
    console->device = DEVICE_CONSOLE;
    node_add(nodes_root, "tmp", S_IFDIR | 01777);
}
