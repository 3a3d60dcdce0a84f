/*
 * engine.c: the engine itself, what is evaluated in it, and its random numbers.
 */
#include "quickjs.h"
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

Z_quickjs_instance_t quickjs;

_Noreturn void fail(const char *what) {
    dprintf(2, "javascript: %s\n", what);
    _exit(70);
}

js js_eval(const char *code, size_t size, const char *name, uint32_t flags) {
    js text = js_text(code, size), file = js_text(name, strlen(name));
    js result = JS(qjs_eval, text, (uint32_t)size, file, flags);
    JS(wasm_free, text);
    JS(wasm_free, file);
    return result;
}

/* ---- Randomness ---- */

/* Where the context keeps the state of Math.random(), which is a xorshift64*. */
static js random_state;

/* Bytes of a context in which the state is looked for. */
#define CONTEXT_SIZE 4096

static uint64_t word_at(js address) {
    uint64_t word;
    memcpy(&word, quickjs.w2c_memory.data + address, sizeof word);
    return word;
}

static uint64_t xorshift(uint64_t state) {
    state ^= state >> 12;
    state ^= state << 25;
    return state ^ state >> 27;
}

void find_random(void) {
    js context = JS(qjs_get_context_ptr);
    static uint64_t before[CONTEXT_SIZE / 8];
    memcpy(before, quickjs.w2c_memory.data + context, sizeof before);
    JS(qjs_free_value, js_eval("Math.random()", 13, "random", 0));
    for (size_t at = 0; at < CONTEXT_SIZE / 8; at++) {
        js address = context + 8 * (uint32_t)at;
        if (before[at] != 0 && word_at(address) == xorshift(before[at]))
            random_state = address;
    }
    if (random_state == 0)
        fail("the state of Math.random() is not where it is looked for");
}

void reseed(void) {
    uint64_t seed = 0;
    while (seed == 0) {
        if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
            fail("no random numbers");
    }
    memcpy(quickjs.w2c_memory.data + random_state, &seed, sizeof seed);
}
