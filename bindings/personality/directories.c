/*
 * directories.c: reading directories.
 */
#include "directories.h"

#include "descriptors.h"
#include "pages.h"

struct record {
    uint64_t number;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

#define RECORD_HEADER 19u

/* Appends an entry; false if it does not fit. */
static bool put_record(uintptr_t *out, uintptr_t end, const struct node *node, const char *name,
                       size_t length, uint64_t next) {
    size_t size = (RECORD_HEADER + length + 1 + 7) & -8ul;
    if (end - *out < size)
        return false;
    struct record *record = (void *)*out;
    memset(record, 0, size);
    record->number = node->number;
    record->next = (int64_t)next;
    record->size = (uint16_t)size;
    record->type = (uint8_t)(node_type(node) >> 12);
    memcpy((char *)record + RECORD_HEADER, name, length);
    *out += size;
    return true;
}

/* The offset is 0 at ".", 1 at "..", and then 2 more than the cookie of the entry before. */
long call_getdents64(int fd, uintptr_t buffer, size_t size) {
    struct file *file = descriptor_file(fd);
    if (file == NULL || (file->flags & O_PATH))
        return -EBADF;
    const struct node *node = file->node;
    if (node_type(node) != S_IFDIR)
        return -ENOTDIR;
    if (node->links == 0)
        return -ENOENT;
    if (!memory_writable(buffer, size))
        return -EFAULT;
    uintptr_t out = buffer, end = buffer + size;
    bool fits = true;
    if (file->offset == 0 && (fits = put_record(&out, end, node, ".", 1, 1)))
        file->offset = 1;
    if (fits && file->offset == 1 &&
        (fits = put_record(&out, end, node->directory.parent, "..", 2, 2)))
        file->offset = 2;
    const struct entry *entry = node->directory.first;
    for (; fits && entry != NULL; entry = entry->next) {
        if (entry->cookie + 2 <= file->offset)
            continue;
        fits = put_record(&out, end, entry->node, entry->name, entry->length, entry->cookie + 2);
        if (fits)
            file->offset = entry->cookie + 2;
    }
    return out == buffer && !fits ? -EINVAL : (long)(out - buffer);
}
