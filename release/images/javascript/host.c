/*
 * host.c: the functions that prelude.js calls.
 */
#include "quickjs.h"
#include "../ready.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static js argument(js arguments, uint32_t number) {
    js value;
    memcpy(&value, quickjs.w2c_memory.data + arguments + 4 * number, 4);
    return value;
}

static js undefined(void) {
    js value = JS(qjs_get_undefined);
    return JS(qjs_dup_value, value);
}

static js host_write(js arguments) {
    int file = (int)JS(qjs_get_float64, argument(arguments, 0));
    size_t size;
    char *text = js_to_text(argument(arguments, 1), &size);
    if (text == NULL)
        return 0;
    for (size_t done = 0; done < size;) {
        ssize_t part = write(file, text + done, size - done);
        if (part <= 0)
            break;
        done += (size_t)part;
    }
    free(text);
    return undefined();
}

/* Reads a file as text; standard input if its name is empty. */
static js host_read(js arguments) {
    size_t size;
    char *path = js_to_text(argument(arguments, 0), &size);
    if (path == NULL)
        return 0;
    char *text = *path == 0 ? read_all(0, &size) : read_whole(path, &size);
    int error = errno;
    free(path);
    if (text == NULL)
        return js_throw(strerror(error));
    js string = js_string(text, size);
    free(text);
    return string;
}

static js host_now(js arguments) {
    (void)arguments;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return JS(qjs_new_number, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

/* ---- The caller of a tool, at the device of standard input ---- */

/* The most bytes that a message may have. */
#define LARGEST_FRAME (10u << 20)

static int caller(void) {
    static int file = -1;
    if (file < 0)
        file = open("/dev/stdin", O_RDWR | O_CLOEXEC);
    return file;
}

static bool receive(void *to, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t part = read(caller(), (char *)to + done, size - done);
        if (part <= 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

static bool send(const void *from, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t part = write(caller(), (const char *)from + done, size - done);
        if (part <= 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

/* The next frame, as text; nothing at the end. */
static js host_receive(js arguments) {
    (void)arguments;
    uint32_t size;
    if (!receive(&size, sizeof size) || size > LARGEST_FRAME)
        return undefined();
    char *text = malloc(size + 1ul);
    if (text == NULL || !receive(text, size))
        fail("a message that is not whole");
    js string = js_string(text, size);
    free(text);
    return string;
}

static js host_send(js arguments) {
    size_t length;
    char *text = js_to_text(argument(arguments, 0), &length);
    if (text == NULL)
        return 0;
    uint32_t size = (uint32_t)length;
    bool fits = size <= LARGEST_FRAME;
    bool sent = fits && send(&size, sizeof size) && send(text, size);
    free(text);
    if (!fits)
        return js_throw("a message of more than 10 MiB");
    if (!sent)
        return js_throw("the caller has gone");
    return undefined();
}

static js host_ready(js arguments) {
    (void)arguments;
    mark_ready();
    reseed();
    return undefined();
}

static js host_exit(js arguments) {
    _exit((int)JS(qjs_get_float64, argument(arguments, 0)) & 0xff);
}

static const struct {
    const char *name;
    js (*call)(js arguments);
} functions[] = {
    {"write", host_write},     {"read", host_read}, {"now", host_now},     {"exit", host_exit},
    {"receive", host_receive}, {"send", host_send}, {"ready", host_ready},
};

js host_functions(void) {
    js host = JS(qjs_new_object);
    for (size_t at = 0; at < sizeof functions / sizeof *functions; at++) {
        size_t length = strlen(functions[at].name);
        js name = js_text(functions[at].name, length);
        js function = JS(qjs_new_host_function, name, (uint32_t)length, 0);
        JS(wasm_free, name);
        js_set(host, functions[at].name, function);
        JS(qjs_free_value, function);
    }
    return host;
}

uint32_t Z_envZ_host_call(struct Z_env_instance_t *self, js name, uint32_t size, js this,
                          uint32_t count, js arguments) {
    (void)self, (void)this, (void)count;
    const char *wanted = (const char *)quickjs.w2c_memory.data + name;
    for (size_t at = 0; at < sizeof functions / sizeof *functions; at++) {
        if (strlen(functions[at].name) == size && memcmp(functions[at].name, wanted, size) == 0)
            return functions[at].call(arguments);
    }
    return js_throw("no such function");
}
