/*
 * proc.c: the files of /proc that programs read: about the program, and about the machine.
 */
#include "proc.h"

#include "arguments.h"
#include "clock.h"
#include "end.h"
#include "heap.h"
#include "identity.h"
#include "maps.h"
#include "pages.h"
#include "process.h"
#include "text.h"
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

/* ---- Texts that are made anew ---- */

#define TEXT_MAX 512

/* Where the text of a file goes, which keeps its place. */
static char *begin(struct node *node) {
    if (node->content.bytes == NULL)
        node->content.bytes = heap_allocate(TEXT_MAX);
    return (char *)node->content.bytes;
}

static void finish(struct node *node, const char *end) {
    node->size = (uint64_t)(end - (const char *)node->content.bytes);
}

/* A line: a name, a number and what it counts. */
static char *line(char *out, const char *name, size_t value, const char *unit) {
    out = text_decimal(text_put(out, name), (long)value);
    return text_put(text_put(out, unit), "\n");
}

static size_t used(void) {
    return memory_total() - memory_free();
}

static void refresh_status(struct node *node) {
    char *out = begin(node);
    if (out == NULL)
        return;
    out = text_put(text_put(text_put(out, "Name:\t"), process_name()), "\nState:\tR (running)\n");
    out = line(out, "Tgid:\t", PROCESS, "");
    out = line(out, "Pid:\t", PROCESS, "");
    out = text_put(out, "PPid:\t0\nTracerPid:\t0\n");
    out = line(out, "Uid:\t", (size_t)identity_real(IDENTITY_USER), "");
    out = line(out, "Gid:\t", (size_t)identity_real(IDENTITY_GROUP), "");
    out = line(out, "VmSize:\t", memory_total() / 1024, " kB");
    out = line(out, "VmRSS:\t", used() / 1024, " kB");
    finish(node, text_put(out, "Threads:\t1\n"));
}

static void refresh_stat(struct node *node) {
    char *out = begin(node);
    if (out == NULL)
        return;
    out = text_put(text_put(text_decimal(out, PROCESS), " ("), process_name());
    out = text_put(out, ") R 0 1 1 0 -1 0 0 0 0 0 ");
    out = text_decimal(out, (long)(clock_used() / (SECOND / 100)));
    out = text_decimal(text_put(out, " 0 0 0 20 0 1 0 0 "), (long)memory_total());
    out = text_decimal(text_put(out, " "), (long)(used() / PAGE_SIZE));
    for (int field = 25; field <= 52; field++)
        out = text_put(out, " 0");
    finish(node, text_put(out, "\n"));
}

static void refresh_statm(struct node *node) {
    char *out = begin(node);
    if (out == NULL)
        return;
    out = text_decimal(out, (long)(memory_total() / PAGE_SIZE));
    out = text_decimal(text_put(out, " "), (long)(used() / PAGE_SIZE));
    finish(node, text_put(out, " 0 0 0 0 0\n"));
}

static void refresh_meminfo(struct node *node) {
    char *out = begin(node);
    if (out == NULL)
        return;
    out = line(out, "MemTotal:       ", memory_total() / 1024, " kB");
    out = line(out, "MemFree:        ", memory_free() / 1024, " kB");
    out = line(out, "MemAvailable:   ", memory_free() / 1024, " kB");
    finish(node, text_put(out, "Buffers:        0 kB\nCached:         0 kB\nSwapTotal:      0 kB\n"
                               "SwapFree:       0 kB\n"));
}

static void refresh_uptime(struct node *node) {
    char *out = begin(node);
    if (out == NULL)
        return;
    out = text_decimal(out, (long)(solo5_clock_monotonic() / SECOND));
    finish(node, text_put(out, ".00 0.00\n"));
}

static void refresh_mounts(struct node *node) {
    char *out = begin(node);
    if (out != NULL)
        finish(node, text_put(out, "root / tmpfs rw 0 0\n"));
}

static void add_file(struct node *directory, const char *name, void (*refresh)(struct node *)) {
    struct node *node = tree_add(directory, name, S_IFREG | 0444);
    if (node != NULL)
        node->content.refresh = refresh;
}

void proc_start(struct node *directory) {
    struct node *self = tree_directory(directory, "self", 0555);
    tree_text(self, "exe", S_IFLNK | 0777, (const char *)personality_program.path);
    add_file(self, "cmdline", refresh_arguments);
    add_file(self, "environ", refresh_environment);
    add_file(self, "maps", maps_refresh);
    add_file(self, "status", refresh_status);
    add_file(self, "stat", refresh_stat);
    add_file(self, "statm", refresh_statm);
    tree_text(directory, "1", S_IFLNK | 0777, "self");
    add_file(directory, "meminfo", refresh_meminfo);
    add_file(directory, "uptime", refresh_uptime);
    add_file(directory, "mounts", refresh_mounts);
}
