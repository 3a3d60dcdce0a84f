/*
 * tool.c: a tool as a Linux program: it reads requests from the file that is its argument and writes
 * answers there, as frames.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int caller;

static int fill(void *to, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t part = read(caller, (char *)to + done, size - done);
        if (part <= 0)
            return 0;
        done += (size_t)part;
    }
    return 1;
}

static void answer(long id, const char *member, const char *value) {
    char text[256];
    int size = snprintf(text + 4, sizeof text - 4, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"%s\":%s}", id,
                        member, value);
    uint32_t length = (uint32_t)size;
    memcpy(text, &length, 4);
    if (write(caller, text, 4 + length) < 0)
        exit(1);
}

int main(int argc, char **argv) {
    caller = open(argc > 1 ? argv[1] : "/dev/call", O_RDWR);
    static char request[1 << 16];
    int calls = 0;
    for (uint32_t size; fill(&size, 4) && size < sizeof request && fill(request, size);) {
        request[size] = 0;
        long id = strtol(strstr(request, "\"id\":") + 5, NULL, 10);
        if (strstr(request, "\"rpc.describe\""))
            answer(id, "result", "{\"tools\":[{\"name\":\"count\",\"description\":\"Counts\"}]}");
        else if (strstr(request, "\"count\""))
            answer(id, "result", (char[]){(char)('1' + calls++), 0});
        else
            answer(id, "error", "{\"code\":-32601,\"message\":\"no such tool\"}");
    }
    return 0;
}
