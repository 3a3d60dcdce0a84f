/*
 * call.c: tools of every kind. One answers with what it was given; the others count, crash, hang,
 * forge, flood and leave.
 */
#include "guest.h"
#include "soloden.h"
#include "soloden_call.h"

static const char TOOLS[] =
    "{\"tools\":[{\"name\":\"echo\",\"description\":\"Gives back its arguments\","
    "\"inputSchema\":{\"type\":\"object\"}},"
    "{\"name\":\"count\",\"description\":\"Counts its calls\","
    "\"inputSchema\":{\"type\":\"object\",\"additionalProperties\":false}}]}";

#define ROOM  (12 << 20) /* for requests and answers */
#define STACK (1 << 20)

static int counter;
static char *memory_end;

/* Writes bytes that are no answer, and ends. */
static bool forge(const void *bytes, size_t size) {
    soloden_channel_write(&soloden_caller, bytes, size);
    soloden_channel_flush(&soloden_caller);
    return false;
}

static bool flood(void) {
    static const char line[] = "flooding the console, line after line after line after line....\n";
    for (int i = 0; i < 10 << 14; i++)
        solo5_console_write(line, sizeof line - 1);
    return soloden_call_result("\"flooded\"");
}

/* Gives back 10 MiB in all, but for the envelope of the answer. */
static bool large(char *buffer) {
    size_t size = SOLODEN_CALL_MAX - 64;
    __builtin_memset(buffer, 'x', size);
    buffer[0] = '"';
    buffer[size++] = '"';
    return soloden_call_answer("result", (struct soloden_json){buffer, size});
}

/* Writes to all of its memory that nobody else uses, and says how much that was. */
static bool fill_memory(char *from, const char *end) {
    for (char *page = from; page < end; page += 4096)
        *(volatile char *)page = 1;
    char digits[24], *first = digits + sizeof digits - 1;
    *first = '\0';
    for (size_t size = (size_t)(end - from); size > 0; size /= 10)
        *--first = (char)('0' + size % 10);
    return soloden_call_result(first);
}

static bool answer(struct soloden_json request, char *buffer) {
    struct soloden_json method = soloden_json_member(request, "method");
    if (soloden_json_is(method, "rpc.describe"))
        return soloden_call_result(TOOLS);
    if (soloden_json_is(method, "echo")) {
        return soloden_call_answer("result", soloden_json_member(request, "params"));
    }
    if (soloden_json_is(method, "count")) {
        char digits[] = {(char)('0' + ++counter % 10), '\0'};
        return soloden_call_result(digits);
    }
    if (soloden_json_is(method, "fetch")) {
        struct soloden_json params = soloden_json_member(request, "params"), reply;
        char *behind = buffer + request.size;
        if (!soloden_call_ask("fetch", params, behind, ROOM - request.size, &reply))
            return false;
        return soloden_call_answer("result", reply);
    }
    if (soloden_json_is(method, "fail"))
        return soloden_call_error("-32602", "no such city");
    if (soloden_json_is(method, "crash"))
        *(volatile int *)0 = 1;
    if (soloden_json_is(method, "abort"))
        solo5_abort();
    if (soloden_json_is(method, "spin"))
        for (volatile int i = 0;; i++)
            ;
    if (soloden_json_is(method, "say")) {
        print("said\n");
        return soloden_call_result("true");
    }
    if (soloden_json_is(method, "fill"))
        return fill_memory(buffer, memory_end - STACK);
    if (soloden_json_is(method, "beyond"))
        *(volatile char *)(memory_end + STACK) = 1;
    while (soloden_json_is(method, "wait"))
        solo5_yield(UINT64_MAX, NULL);
    if (soloden_json_is(method, "flood"))
        return flood();
    if (soloden_json_is(method, "large"))
        return large(buffer);
    if (soloden_json_is(method, "other"))
        return forge("\x2f\0\0\0{\"jsonrpc\":\"2.0\",\"id\":4294967295,\"result\":true}", 51);
    if (soloden_json_is(method, "empty"))
        return forge("\0\0\0\0", 4);
    if (soloden_json_is(method, "endless"))
        return forge("\xff\xff\xff\xff", 4);
    if (soloden_json_is(method, "garbage"))
        return forge("\x04\0\0\0{{{{", 8);
    if (soloden_json_is(method, "leave"))
        return false;
    return soloden_call_error("-32601", "no such tool");
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    struct soloden_json request;
    soloden_ready(&info);
    if (!soloden_call_open())
        return fail("acquire");
    char *buffer = (char *)info.heap_start;
    memory_end = buffer + info.heap_size;
    if (info.heap_size < ROOM + STACK)
        return fail("memory");
    while (soloden_call_receive(buffer, ROOM, &request) && answer(request, buffer))
        ;
    return SOLO5_EXIT_SUCCESS;
}
