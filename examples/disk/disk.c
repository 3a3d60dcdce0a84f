/*
 * disk.c: a small store of keys and values on a block device. It may be killed at any moment and
 * loses nothing that it has stored.
 *
 *   truncate -s 1M disk.img
 *   soloden build --manifest examples/disk/manifest.json examples/disk/disk.c
 *   soloden run --block:storage=disk.img disk.spt put colour deep red
 *   soloden run --block:storage=disk.img disk.spt get colour
 *   soloden run --block:storage=disk.img disk.spt list
 *
 * The device is a log: block n holds the nth record that was put, and the last record of a key has
 * its value. The log ends at the first block that holds no whole record, and only that block is
 * ever overwritten. A record that was written in part has a wrong checksum, so it does not count.
 */
#include <stdbool.h>

#include "solo5.h"

#define MAGIC     UINT32_C(0x53444b56)
#define BLOCK_MAX 32768

struct record {
    uint32_t magic;
    uint32_t checksum; /* Of all that follows it, up to the value's end. */
    uint64_t number;   /* The block that it belongs in. */
    uint16_t key_size;
    uint16_t value_size;
    char text[]; /* The key, then the value. */
};

#define CHECKED_FROM 8 /* Offset of the first byte after the checksum. */
#define TEXT_FROM    offsetof(struct record, text)

static solo5_handle_t handle;
static struct solo5_block_info device;
static union {
    struct record record;
    uint8_t bytes[BLOCK_MAX];
} block, other;

/* A part of the command line. */
struct word {
    const char *text;
    size_t size;
};

static void print(struct word word) {
    solo5_console_write(word.text, word.size);
}

static struct word word(const char *text) {
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    return (struct word){text, size};
}

static void line(const char *text) {
    print(word(text));
    print(word("\n"));
}

static bool equal(struct word a, struct word b) {
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        if (a.text[i] != b.text[i])
            return false;
    }
    return true;
}

/* Takes the next word off the line. */
static struct word next(const char **rest) {
    while (**rest == ' ')
        (*rest)++;
    struct word taken = {*rest, 0};
    while (**rest != ' ' && **rest != '\0')
        (*rest)++, taken.size++;
    if (**rest == ' ')
        (*rest)++;
    return taken;
}

static struct word key_of(const struct record *record) {
    return (struct word){record->text, record->key_size};
}

static struct word value_of(const struct record *record) {
    return (struct word){record->text + record->key_size, record->value_size};
}

/* FNV-1a: a record that was written in part will hardly have the right one. */
static uint32_t checksum(const struct record *record) {
    const uint8_t *bytes = (const uint8_t *)record;
    size_t end = TEXT_FROM + record->key_size + record->value_size;
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = CHECKED_FROM; i < end; i++)
        hash = (hash ^ bytes[i]) * UINT32_C(16777619);
    return hash;
}

/* Reads record `number`; false if there is none, which is the log's end. */
static bool load(uint64_t number, struct record *record) {
    if (number >= device.capacity / device.block_size)
        return false;
    if (solo5_block_read(handle, number * device.block_size, (uint8_t *)record,
                         device.block_size) != SOLO5_R_OK) {
        line("disk: cannot read");
        solo5_exit(SOLO5_EXIT_FAILURE);
    }
    return record->magic == MAGIC && record->number == number &&
           TEXT_FROM + record->key_size + record->value_size <= device.block_size &&
           record->checksum == checksum(record);
}

static int put(struct word key, struct word value) {
    if (key.size == 0 || TEXT_FROM + key.size + value.size > device.block_size) {
        line("disk: the key is empty, or key and value are too long for a block");
        return SOLO5_EXIT_FAILURE;
    }
    uint64_t end = 0;
    while (load(end, &block.record))
        end++;
    for (size_t i = 0; i < device.block_size; i++)
        block.bytes[i] = 0;
    struct record *record = &block.record;
    record->magic = MAGIC;
    record->number = end;
    record->key_size = (uint16_t)key.size;
    record->value_size = (uint16_t)value.size;
    for (size_t i = 0; i < key.size; i++)
        record->text[i] = key.text[i];
    for (size_t i = 0; i < value.size; i++)
        record->text[key.size + i] = value.text[i];
    record->checksum = checksum(record);
    if (solo5_block_write(handle, end * device.block_size, block.bytes, device.block_size) !=
        SOLO5_R_OK) {
        line("disk: cannot write, or the log is full");
        return SOLO5_EXIT_FAILURE;
    }
    return SOLO5_EXIT_SUCCESS;
}

static int get(struct word key) {
    uint64_t found = UINT64_MAX;
    for (uint64_t number = 0; load(number, &block.record); number++) {
        if (equal(key_of(&block.record), key))
            found = number;
    }
    if (!load(found, &block.record)) {
        line("disk: no such key");
        return SOLO5_EXIT_FAILURE;
    }
    print(value_of(&block.record));
    line("");
    return SOLO5_EXIT_SUCCESS;
}

/* Whether a later record has the same key as `block`. */
static bool replaced(uint64_t number) {
    while (load(++number, &other.record)) {
        if (equal(key_of(&block.record), key_of(&other.record)))
            return true;
    }
    return false;
}

static int list(void) {
    for (uint64_t number = 0; load(number, &block.record); number++) {
        if (replaced(number))
            continue;
        print(key_of(&block.record));
        print(word("="));
        print(value_of(&block.record));
        line("");
    }
    return SOLO5_EXIT_SUCCESS;
}

int solo5_app_main(const struct solo5_start_info *info) {
    if (solo5_block_acquire("storage", &handle, &device) != SOLO5_R_OK ||
        device.block_size > BLOCK_MAX) {
        line("disk: there is no block device 'storage'");
        return SOLO5_EXIT_FAILURE;
    }
    const char *rest = info->cmdline;
    struct word command = next(&rest);
    if (equal(command, word("list")))
        return list();
    struct word key = next(&rest);
    if (equal(command, word("get")))
        return get(key);
    if (equal(command, word("put")))
        return put(key, word(rest));
    line("usage: disk put KEY VALUE | get KEY | list");
    return SOLO5_EXIT_FAILURE;
}
