/*
 * modules.c: finds modules. Names that begin with a dot or a slash are paths, relative to the
 * module that imports them; others are packages.
 */
#include "quickjs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGES "/packages"

typedef struct Z_env_instance_t environment;

char *read_all(int file, size_t *size) {
    size_t room = 4096, used = 0;
    char *bytes = malloc(room);
    ssize_t got = -1;
    while (bytes != NULL && (got = read(file, bytes + used, room - used)) > 0) {
        used += (size_t)got;
        if (used == room)
            bytes = realloc(bytes, room *= 2);
    }
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    *size = used;
    return bytes;
}

char *read_whole(const char *path, size_t *size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    char *bytes = read_all(file, size);
    int error = errno;
    close(file);
    errno = error;
    return bytes;
}

/* Takes "." and ".." out of an absolute path. */
static void simplify(char *path) {
    char *out = path;
    for (char *part = path; *part == '/';) {
        char *end = part + 1;
        while (*end != 0 && *end != '/')
            end++;
        size_t length = (size_t)(end - part);
        if (length == 3 && memcmp(part, "/..", 3) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (length > 1 && !(length == 2 && part[1] == '.')) {
            memmove(out, part, length);
            out += length;
        }
        part = end;
    }
    *out = 0;
}

static bool is_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Where a package begins: a file, or one in its directory. */
static void find_package(char *path, size_t room) {
    static const char *const endings[] = {"", ".js", ".mjs", "/index.js", "/index.mjs"};
    size_t length = strlen(path);
    for (size_t at = 0; at < sizeof endings / sizeof *endings; at++) {
        snprintf(path + length, room - length, "%s", endings[at]);
        if (is_file(path))
            return;
    }
    path[length] = 0;
}

uint32_t Z_envZ_host_module_normalize(environment *self, js base, js name) {
    (void)self;
    const char *from = (const char *)quickjs.w2c_memory.data + base;
    const char *wanted = (const char *)quickjs.w2c_memory.data + name;
    char path[PATH_MAX];
    int length;
    if (*wanted == '/')
        length = snprintf(path, sizeof path, "%s", wanted);
    else if (*wanted == '.') {
        const char *slash = strrchr(from, '/');
        int directory = slash == NULL ? 0 : (int)(slash - from);
        length = snprintf(path, sizeof path, "%.*s/%s", directory, from, wanted);
    } else
        length = snprintf(path, sizeof path, PACKAGES "/%s", wanted);
    if (length >= (int)sizeof path - 16)
        return js_throw("the name of a module is too long");
    simplify(path);
    if (*wanted != '/' && *wanted != '.')
        find_package(path, sizeof path);
    if (is_file(path))
        return js_text(path, strlen(path));
    char message[2 * PATH_MAX];
    snprintf(message, sizeof message, "Cannot find module '%.4000s' imported from '%.4000s'",
             (const char *)quickjs.w2c_memory.data + name,
             (const char *)quickjs.w2c_memory.data + base);
    return js_throw(message);
}

uint32_t Z_envZ_host_module_load(environment *self, js name, js size) {
    (void)self;
    size_t length;
    char *bytes = read_whole((const char *)quickjs.w2c_memory.data + name, &length);
    if (bytes == NULL)
        return js_throw("a module cannot be read");
    js copy = js_text(bytes, length);
    free(bytes);
    memcpy(quickjs.w2c_memory.data + size, &(uint32_t){(uint32_t)length}, 4);
    return copy;
}
