/*
 * attach.c: which device of the machine is which of the manifest. The first network or block
 * device, by bus and slot, is the first of the manifest, and so on: a machine's devices have no
 * names.
 */
#include "virtio.h"
#include "../common/program.h"
#include "../common/text.h"

#define TYPE_NET   1
#define TYPE_BLOCK 2

void *memcpy(void *restrict to, const void *restrict from, size_t size);

/* The manifest as this machine has its devices: the note is not writable. */
static union {
    struct mft mft;
    uint8_t room[sizeof(struct mft) + MFT_MAX_ENTRIES * sizeof(struct mft_entry)];
} manifest;

static uint32_t next = 1;

static const char *type_name(mft_type_t type) {
    return type == MFT_DEV_NET_BASIC ? "NET_BASIC" : "BLOCK_BASIC";
}

static _Noreturn void refuse(const struct mft_entry *entry, const char *problem) {
    char buffer[192];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "Solo5: Device '");
    text_string(&text, entry->name);
    text_string(&text, "' of type ");
    text_string(&text, type_name(entry->type));
    text_string(&text, problem);
    text_print(&text);
    fatal("All declared devices must be attached");
}

/*
 * Devices of other types do not count; those that the manifest has no place for stay as they are.
 */
static void attach(const struct pci_device *device) {
    if ((device->type != TYPE_NET && device->type != TYPE_BLOCK) || next >= manifest.mft.entries)
        return;
    struct mft_entry *entry = &manifest.mft.e[next];
    if (entry->type != (device->type == TYPE_NET ? MFT_DEV_NET_BASIC : MFT_DEV_BLOCK_BASIC))
        refuse(entry, ": the machine has one of another type in its place\n");
    if (device->type == TYPE_NET)
        net_attach(device, next, &entry->u.net_basic);
    else
        block_attach(device, next, &entry->u.block_basic);
    entry->attached = true;
    next++;
}

const struct mft *devices_attach(void) {
    const struct mft1_note_header *note = (const void *)program.application.manifest;
    size_t size = note->h.n_descsz - sizeof note->padding;
    if (size < sizeof(struct mft) || size > sizeof manifest)
        fatal("The manifest is not valid");
    memcpy(&manifest, note + 1, size);
    if (manifest.mft.version != MFT_VERSION || manifest.mft.entries == 0 ||
        size != sizeof(struct mft) + manifest.mft.entries * sizeof(struct mft_entry))
        fatal("The manifest is not valid");
    pci_scan(attach);
    if (next < manifest.mft.entries)
        refuse(&manifest.mft.e[next], " declared but not attached.\n");
    return &manifest.mft;
}
