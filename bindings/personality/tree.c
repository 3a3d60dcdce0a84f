/*
 * tree.c: the tree that the program starts with: what the image brings, and how other files are
 * added.
 */
#include "tree.h"

#include "console.h"
#include "end.h"
#include "pages.h"

static _Noreturn void end_without_memory(void) {
    console_say("not enough memory for the root file system");
    process_end(1);
}

struct node *tree_add(struct node *directory, const char *name, uint32_t mode) {
    if (directory_find(directory, name, strlen(name)) != NULL)
        return NULL;
    struct node *node = node_make(mode);
    if (node == NULL || directory_add(directory, name, strlen(name), node) != 0)
        end_without_memory();
    return node;
}

void tree_text(struct node *directory, const char *name, uint32_t mode, const char *text) {
    struct node *node = tree_add(directory, name, mode);
    if (node == NULL)
        return;
    node->content.bytes = (uint8_t *)text;
    node->size = strlen(text);
}

struct node *tree_directory(struct node *parent, const char *name, uint32_t mode) {
    struct entry *entry = directory_find(parent, name, strlen(name));
    if (entry != NULL && node_type(entry->node) == S_IFDIR)
        return entry->node;
    struct node *node = tree_add(parent, name, S_IFDIR | mode);
    if (node != NULL)
        return node;
    /* Something else has the name: what is put into this one, nobody finds. */
    if ((node = node_make(S_IFDIR | mode)) == NULL)
        end_without_memory();
    node->links = 2;
    return node;
}

/* ---- What the image brings ---- */

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

/* Makes way for a file; whether it is a directory that is there already. */
static bool replace(struct node *directory, const struct personality_file *file) {
    const char *name = (const char *)file->name;
    struct entry *entry = directory_find(directory, name, strlen(name));
    if (entry == NULL)
        return false;
    struct node *node = entry->node;
    if (node_type(node) == S_IFDIR && (file->mode & S_IFMT) == S_IFDIR)
        return true;
    directory_drop(directory, entry);
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
                (uint64_t)files[number].mtime * SECOND;
    }
    memory_give(nodes, count * sizeof *nodes);
    return true;
}

void tree_start(void) {
    const struct personality_program *program = &personality_program;
    const struct personality_file *files = (const void *)program->root;
    struct node *root = load(files);
    if (root == NULL)
        end_without_memory();
    root->links = 2;
    root->directory.parent = root;
    if (!load_all(root, files, program->root_count))
        end_without_memory();
    nodes_root = root;
}

void tree_add_files(void) {
    const struct personality_room *room = (const void *)personality_program.room;
    if (room != NULL && room->count > 0 &&
        !load_all(nodes_root, (const void *)room->files, room->count))
        end_without_memory();
}
