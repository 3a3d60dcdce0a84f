/*
 * memory.c: guest memory. It begins with the image. The rest is the application's heap, with the
 * initial stack at its end.
 */
#include "bindings.h"
#include "program.h"
#include "text.h"

#define PAGE_SIZE 0x1000u
#define HEAP_MIN  0x80000u

/*
 * `kernel_end` leaves out a segment that is all .bss, so the program's own end is used where it
 * is higher.
 */
static uintptr_t page_up(uintptr_t address) {
    return (address + PAGE_SIZE - 1) & -(uintptr_t)PAGE_SIZE;
}

static uintptr_t heap_start(const struct boot *boot) {
    uintptr_t end = page_up(program.application.end);
    return end > boot->kernel_end ? end : boot->kernel_end;
}

struct solo5_start_info memory_init(const struct boot *boot) {
    uintptr_t start = heap_start(boot);
    if (start >= boot->mem_size || boot->mem_size - start < HEAP_MIN)
        fatal("Not enough memory");
    return (struct solo5_start_info){.heap_start = start, .heap_size = boot->mem_size - start};
}

uintptr_t memory_reserve(struct boot *boot, size_t size) {
    uintptr_t start = heap_start(boot);
    if (start >= boot->mem_size || boot->mem_size - start < HEAP_MIN + size)
        return 0;
    boot->kernel_end = start + size;
    return start;
}

static void describe(struct text *text, const char *name, uintptr_t start, uintptr_t end) {
    text_string(text, name);
    text_hex(text, start);
    text_string(text, " - ");
    text_hex(text, end - 1);
    text_string(text, ")\n");
}

void memory_describe(struct text *text, const struct boot *boot) {
    text_string(text, "Solo5: Memory map: ");
    text_decimal(text, (int64_t)(boot->mem_size >> 20));
    text_string(text, " MB addressable:\n");
    const struct portable_segment *segment = program.segments;
    describe(text, "Solo5:   reserved @ (", 0, segment->start);
    uintptr_t data = segment->start;
    for (; segment < program.segments + PORTABLE_MAX_SEGMENTS && segment->end != 0; segment++) {
        bool executable = (segment->flags & PORTABLE_SEGMENT_EXECUTE) != 0;
        describe(text, executable ? "Solo5:       text @ (" : "Solo5:     rodata @ (",
                 segment->start, segment->end);
        data = page_up(segment->end);
    }
    describe(text, "Solo5:       data @ (", data, heap_start(boot));
    text_string(text, "Solo5:       heap >= ");
    text_hex(text, heap_start(boot));
    text_string(text, " < stack < ");
    text_hex(text, boot->mem_size);
    text_string(text, "\n");
}
