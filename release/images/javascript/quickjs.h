/*
 * quickjs.h: the engine, as wasm2c makes it of quickjs.wasm.
 */
#ifndef QUICKJS_H
#define QUICKJS_H

#include "quickjs_wasm.h"

/* The only engine; engine.c has it. */
extern Z_quickjs_instance_t quickjs;

/* Calls a function of the engine: JS(qjs_eval, code, size, name, flags). */
#define JS(name, ...) Z_quickjsZ_##name(&quickjs, ##__VA_ARGS__)

/* An address in the engine's memory; of a value, it is a reference that somebody owns. */
typedef uint32_t js;

/* ---- engine.c ---- */

/* Ends the program with a line that says why. */
_Noreturn void fail(const char *what);
/* Evaluates code with flags of qjs_eval(); returns its value, or an error. */
js js_eval(const char *code, size_t size, const char *name, uint32_t flags);
/* Finds where Math.random() keeps its state. */
void find_random(void);
/* Gives Math.random() a new state: each start has random numbers of its own. */
void reseed(void);

/* ---- values.c ---- */

/* Copies text into the engine's memory, with a NUL; to be freed there. */
js js_text(const char *text, size_t size);
js js_string(const char *text, size_t size);
void js_set(js object, const char *name, js value);
js js_get(js object, const char *name);
/* Throws an error; returns what says so. */
js js_throw(const char *message);
/* The text of a string, with a NUL, to be freed with free(); NULL if it is none. */
char *js_to_text(js value, size_t *size);

/* ---- modules.c ---- */

/* Reads all that an open file has; NULL with errno if it cannot. To be freed with free(). */
char *read_all(int file, size_t *size);
/* Reads a whole file; NULL with errno if it cannot. To be freed with free(). */
char *read_whole(const char *path, size_t *size);

/* ---- host.c ---- */

/* The functions that prelude.js calls, as an object. */
js host_functions(void);

#endif
