/*
 * wasm_runtime.c: what the C that wasm2c makes calls: memory, tables, types of functions. Accesses
 * to memory are not checked: what a program in the engine could gain by a fault of the engine is
 * the unikernel, in which there is nothing else.
 */
#include "wasm-rt.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define WASM_PAGE 65536ul

/* Memory that is mapped, of which the program may have got a part only. */
static size_t mapped;

void wasm_rt_trap(wasm_rt_trap_t trap) {
    dprintf(2, "javascript: the engine failed (%d)\n", trap);
    _exit(134);
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t most) {
    mapped = pages * WASM_PAGE;
    memory->data = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory->data == MAP_FAILED) {
        dprintf(2, "javascript: not enough memory\n");
        _exit(134);
    }
    memory->pages = pages;
    memory->max_pages = most;
    memory->size = mapped;
}

/* Twice as much is mapped each time: a mapping that grows is copied. */
uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t more) {
    uint32_t old = memory->pages;
    uint64_t pages = (uint64_t)old + more;
    if (pages > memory->max_pages || pages >= WASM_PAGE)
        return (uint32_t)-1;
    size_t size = pages * WASM_PAGE;
    if (size > mapped) {
        size_t wanted = size > 2 * mapped ? size : 2 * mapped;
        void *data = mremap(memory->data, mapped, wanted, MREMAP_MAYMOVE);
        if (data == MAP_FAILED)
            data = mremap(memory->data, mapped, wanted = size, MREMAP_MAYMOVE);
        if (data == MAP_FAILED)
            return (uint32_t)-1;
        memory->data = data;
        mapped = wanted;
    }
    memory->pages = (uint32_t)pages;
    memory->size = size;
    return old;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) {
    munmap(memory->data, mapped);
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t size, uint32_t most) {
    table->size = size;
    table->max_size = most;
    table->data = calloc(size, sizeof *table->data);
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table) {
    free(table->data);
}

bool wasm_rt_is_initialized(void) {
    return true;
}

#define MOST_WORDS 64
#define MOST_TYPES 512

/* Types are equal if they have the same words: so many parameters, so many results, then each. */
struct type {
    uint32_t count;
    uint32_t words[MOST_WORDS];
};

static struct type types[MOST_TYPES];
static uint32_t type_count;

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
    struct type type = {2 + parameters + results, {parameters, results}};
    if (type.count > MOST_WORDS || type_count == MOST_TYPES)
        wasm_rt_trap(WASM_RT_TRAP_CALL_INDIRECT);
    va_list list;
    va_start(list, results);
    for (uint32_t at = 2; at < type.count; at++)
        type.words[at] = va_arg(list, wasm_rt_type_t);
    va_end(list);
    for (uint32_t at = 0; at < type_count; at++) {
        if (memcmp(&types[at], &type, sizeof type) == 0)
            return at + 1;
    }
    types[type_count++] = type;
    return type_count;
}
