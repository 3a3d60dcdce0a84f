/*
 * launcher.c: QuickJS as a program that begins once. It initialises the engine, makes the objects
 * that scripts expect (prelude.js), and opens /dev/soloden/ready. What follows happens in every
 * start: it draws new random numbers, and runs the script that the command line names, as a module.
 */
#include "prelude.h"
#include "quickjs.h"
#include "../ready.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Flags of qjs_eval(). */
#define EVAL_MODULE 1
/* States of promises. */
#define PENDING  0
#define REJECTED 2

typedef struct Z_env_instance_t environment;

/*
 * The engine's limit is on the stack that it has in its own memory. Each function of C has a frame
 * here as well, of which the engine knows nothing. That this much for each byte is enough was not
 * measured: recursion of a dozen kinds ended as an error of the script with it.
 */
#define STACK_RATIO 32

static uint32_t stack_size = (512u << 10) * STACK_RATIO;

/* What prelude.js makes: `start`, `turn`, `failed`, `status`. */
static js hooks;

/* Promises that were rejected and that nobody has looked at; values of the engine's. */
static struct {
    js promise;
    js reason;
} * rejected;
static size_t rejected_count, rejected_room;

static js call_hook(const char *hook, js *arguments, uint32_t count) {
    js function = js_get(hooks, hook);
    js list = JS(wasm_malloc, 4 * count + 4);
    memcpy(quickjs.w2c_memory.data + list, arguments, 4ul * count);
    js result = JS(qjs_call, function, hooks, count, list);
    JS(wasm_free, list);
    JS(qjs_free_value, function);
    return result;
}

uint32_t Z_envZ_host_interrupt(environment *self) {
    (void)self;
    return 0;
}

/* The clock shows UTC. */
uint32_t Z_envZ_host_get_timezone_offset(environment *self, uint32_t high, uint32_t low) {
    (void)self, (void)high, (void)low;
    return 0;
}

/* Both values are the launcher's from here on. */
void Z_envZ_host_promise_rejection(environment *self, js promise, js reason, uint32_t handled) {
    (void)self;
    if (!handled) {
        if (rejected_count == rejected_room) {
            rejected_room = rejected_room * 2 + 8;
            rejected = realloc(rejected, rejected_room * sizeof *rejected);
            if (rejected == NULL)
                fail("not enough memory");
        }
        rejected[rejected_count].promise = promise;
        rejected[rejected_count++].reason = reason;
        return;
    }
    js object = JS(qjs_get_value_ptr, promise);
    for (size_t at = 0; at < rejected_count; at++) {
        if (JS(qjs_get_value_ptr, rejected[at].promise) == object) {
            JS(qjs_free_value, rejected[at].promise);
            JS(qjs_free_value, rejected[at].reason);
            rejected[at] = rejected[--rejected_count];
            break;
        }
    }
    JS(qjs_free_value, promise);
    JS(qjs_free_value, reason);
}

/* ---- A script ---- */

/* Prints what was thrown and not caught, and ends. */
static _Noreturn void uncaught(js error) {
    JS(qjs_free_value, call_hook("failed", &error, 1));
    _exit(1);
}

static void run_jobs(void) {
    while (JS(qjs_is_job_pending)) {
        if ((int32_t)JS(qjs_execute_pending_job) < 0)
            uncaught(JS(qjs_get_exception));
    }
    if (rejected_count > 0)
        uncaught(rejected[0].reason);
}

/* Runs jobs and timers until there are none. */
static void run_loop(void) {
    for (;;) {
        run_jobs();
        js wait = call_hook("turn", NULL, 0);
        if (JS(qjs_is_exception, wait))
            uncaught(JS(qjs_get_exception));
        double milliseconds = JS(qjs_get_float64, wait);
        JS(qjs_free_value, wait);
        if (milliseconds < 0 && !JS(qjs_is_job_pending))
            return;
        if (milliseconds <= 0)
            continue;
        uint64_t nanoseconds = (uint64_t)(milliseconds * 1e6);
        nanosleep(&(struct timespec){(time_t)(nanoseconds / 1000000000),
                                     (long)(nanoseconds % 1000000000)},
                  NULL);
    }
}

static _Noreturn void run_script(const char *name) {
    size_t size;
    char *code = read_whole(name, &size);
    if (code == NULL) {
        dprintf(2, "javascript: %s: %s\n", name, strerror(errno));
        _exit(2);
    }
    js module = js_eval(code, size, name, EVAL_MODULE);
    if (JS(qjs_is_exception, module))
        uncaught(JS(qjs_get_exception));
    run_loop();
    uint32_t state = JS(qjs_promise_state, module);
    if (state == REJECTED)
        uncaught(JS(qjs_promise_result, module));
    if (state == PENDING) {
        dprintf(2, "javascript: %s: awaits a promise that nothing settles\n", name);
        _exit(13);
    }
    _exit((int)JS(qjs_get_float64, call_hook("status", NULL, 0)) & 0xff);
}

/* The words of the command line, of this start. */
static js words_of(const char *path) {
    size_t size;
    char *text = read_whole(path, &size);
    if (text == NULL)
        fail("no command line");
    js list = JS(qjs_new_array);
    uint32_t count = 0;
    for (size_t at = 0; at < size; at += strlen(text + at) + 1) {
        js word = js_string(text + at, strlen(text + at));
        JS(qjs_set_prop_uint32, list, count++, word);
        JS(qjs_free_value, word);
    }
    free(text);
    return list;
}

/* A collection looks at all that there is, and so copies it: small scripts end before the first
 * one. */
#define GC_THRESHOLD (8u << 20)

static void begin(void) {
    Z_quickjs_init_module();
    Z_quickjs_instantiate(&quickjs, NULL, NULL);
    JS(_initialize);
    if (JS(qjs_init) != 0)
        fail("the engine does not start");
    JS(qjs_set_promise_rejection_handler, 1);
    JS(qjs_set_module_loader, 1);
    JS(qjs_set_max_stack_size, stack_size / STACK_RATIO);
    js host = host_functions();
    js make = js_eval(prelude, sizeof prelude - 1, "prelude.js", 0);
    if (JS(qjs_is_exception, make))
        fail("prelude.js has a mistake");
    js list = js_text((const char *)&host, 4);
    js nothing = JS(qjs_get_undefined);
    hooks = JS(qjs_call, make, nothing, 1, list);
    JS(wasm_free, list);
    if (JS(qjs_is_exception, hooks))
        fail("prelude.js fails");
    find_random();
    JS(qjs_run_gc);
    JS(qjs_set_gc_threshold, GC_THRESHOLD);
}

static _Noreturn void launch(void) {
    begin();
    mark_ready();
    find_input();
    reseed();
    js start[] = {words_of("/proc/self/cmdline")};
    js script = call_hook("start", start, 1);
    size_t size;
    char *name = JS(qjs_is_string, script) ? js_to_text(script, &size) : NULL;
    if (name == NULL)
        fail("no script");
    run_script(name);
}

int main(void) {
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    while (stack_size > memory / 4)
        stack_size /= 2;
    char *stack =
        mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        fail("not enough memory");
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\tud2"
                     :
                     : "r"(stack + stack_size), "r"((void (*)(void))launch)
                     : "memory");
    __builtin_unreachable();
}
