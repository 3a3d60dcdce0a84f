/*
 * mcp_server.c: a server of the Model Context Protocol on standard input and output, which knows nothing
 * of unikernels: it counts, and fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reply(const char *request, const char *member, const char *value) {
    const char *id = strstr(request, "\"id\":");
    printf("{\"jsonrpc\":\"2.0\",\"id\":%ld,\"%s\":%s}\n", strtol(id + 5, NULL, 10), member, value);
    fflush(stdout);
}

int main(void) {
    static char line[1 << 16];
    int calls = 0, ready = 0;
    while (fgets(line, sizeof line, stdin)) {
        char value[256];
        if (strstr(line, "\"notifications/initialized\"")) {
            ready = 1;
            fprintf(stderr, "begins\n\n{ no message\n");
        } else if (strstr(line, "\"initialize\"")) {
            puts("{\"jsonrpc\":\"2.0\",\"id\":\"mine\",\"method\":\"sampling/createMessage\"}");
            reply(line, "result",
                  "{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{\"tools\":{}},"
                  "\"serverInfo\":{\"name\":\"counter\",\"version\":\"1\"}}");
        } else if (strstr(line, "\"tools/list\"") && ready) {
            reply(line, "result",
                  "{\"tools\":[{\"name\":\"count\",\"description\":\"Counts\","
                  "\"inputSchema\":{\"type\":\"object\"}}]}");
        } else if (strstr(line, "\"name\":\"count\"") && ready) {
            snprintf(value, sizeof value, "{\"content\":[{\"type\":\"text\",\"text\":\"%d\"}]}",
                     ++calls);
            reply(line, "result", value);
        } else if (strstr(line, "\"name\":\"leave\"")) {
            return 3;
        } else if (strstr(line, "\"method\"")) {
            reply(line, "error", "{\"code\":-32602,\"message\":\"Unknown tool\"}");
        }
    }
    return 0;
}
