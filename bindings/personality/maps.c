/*
 * maps.c: what of memory is the program's, as /proc/self/maps has it.
 */
#include "maps.h"

#include "heap.h"
#include "pages.h"
#include "text.h"

/* Longest line, with its name. */
#define LINE_MAX (80 + NAME_MAX)

/* A range of the program's, and what it may do there. */
struct range {
    uintptr_t start, end;
    const char *rights;
    const char *name;
};

static char *put_range(char *out, const struct range *range) {
    char *start = out;
    out = text_hex(text_put(text_hex(out, range->start, 8), "-"), range->end, 8);
    out = text_put(text_put(text_put(out, " "), range->rights), "p 00000000 00:00 0 ");
    while (out < start + 73)
        *out++ = ' ';
    return text_put(text_put(out, range->name), "\n");
}

/* A segment of the program. */
static struct range of_segment(const struct personality_segment *segment) {
    bool writes = (segment->flags & PERSONALITY_WRITE) != 0, runs = (segment->flags & 1) != 0;
    return (struct range){
        segment->start,
        segment->end,
        writes ? "rw-"
        : runs ? "r-x"
               : "r--",
        (const char *)personality_program.path,
    };
}

/* The range of pages from one on that are alike; its rights are NULL if it is not the program's. */
static struct range of_pages(size_t page) {
    uintptr_t start = address_of(page);
    uint8_t state = page_state(page) & (USED | NO_ACCESS | READ_ONLY);
    uintptr_t stack = memory_stack_end(), heap = page_up(memory_break);
    uintptr_t limit = start < stack ? stack : start < heap ? heap : address_of(pages_count());
    while (address_of(page) < limit && (page_state(page) & (USED | NO_ACCESS | READ_ONLY)) == state)
        page++;
    return (struct range){
        start,
        address_of(page),
        !(state & USED)     ? NULL
        : state & NO_ACCESS ? "---"
        : state & READ_ONLY ? "r--"
                            : "rw-",
        start < stack  ? "[stack]"
        : start < heap ? "[heap]"
                       : "",
    };
}

/* Goes through the ranges; how many there are. Writes them if there is somewhere to. */
static size_t each(char **out) {
    size_t count = 0;
    const struct personality_segment *segment = personality_program.segments;
    for (; segment < personality_program.segments + PERSONALITY_MAX_SEGMENTS; segment++) {
        if (segment->end == 0)
            break;
        count++;
        struct range range = of_segment(segment);
        if (out != NULL)
            *out = put_range(*out, &range);
    }
    for (size_t page = 0; page < pages_count();) {
        struct range range = of_pages(page);
        page = page_of(range.end);
        if (range.rights == NULL)
            continue;
        count++;
        if (out != NULL)
            *out = put_range(*out, &range);
    }
    return count;
}

void maps_refresh(struct node *node) {
    static char *bytes;
    static size_t room;
    if (room > 0)
        heap_free(bytes, room);
    /* What this takes itself may part a range. */
    room = (each(NULL) + 2) * LINE_MAX;
    bytes = heap_allocate(room);
    if (bytes == NULL) {
        room = 0;
        node->size = 0;
        return;
    }
    char *out = bytes;
    each(&out);
    node->content.bytes = (uint8_t *)bytes;
    node->size = (uint64_t)(out - bytes);
}
