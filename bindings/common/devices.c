/*
 * devices.c: the manifest as the tender filled it in, and which of its devices are acquired.
 */
#include "bindings.h"
#include "text.h"

static const struct mft *manifest;
static solo5_handle_set_t acquired; /* Bit N is set if handle N is acquired. */

void devices_init(const struct mft *mft) {
    manifest = mft;
}

void devices_resume(const struct mft *mft, solo5_handle_set_t set) {
    manifest = mft;
    acquired = set;
}

solo5_handle_set_t devices_acquired(void) {
    return acquired;
}

static bool equal(const char *a, const char *b) {
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

static void report(const char *name, solo5_handle_t handle) {
    char buffer[160];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "Solo5: acquired '");
    text_string(&text, name);
    text_string(&text, "' as handle ");
    text_decimal(&text, (int64_t)handle);
    text_string(&text, "\n");
    text_print(&text);
}

solo5_handle_t device_acquire(const char *name, mft_type_t type) {
    for (uint32_t handle = 1; handle < manifest->entries; handle++) {
        const struct mft_entry *entry = &manifest->e[handle];
        if (entry->type != type || !entry->attached || !equal(entry->name, name))
            continue;
        if (acquired >> handle & 1)
            return 0;
        acquired |= UINT64_C(1) << handle;
        if (log_enabled(LOG_DEBUG))
            report(entry->name, handle);
        return handle;
    }
    return 0;
}

const struct mft_entry *device_entry(solo5_handle_t handle, mft_type_t type) {
    if (handle >= MFT_MAX_ENTRIES || !(acquired >> handle & 1))
        return NULL;
    const struct mft_entry *entry = &manifest->e[handle];
    return entry->type == type ? entry : NULL;
}
