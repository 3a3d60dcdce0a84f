/*
 * NAME.c: tools in a unikernel. Each call runs in a fresh one, which has nothing but its arguments.
 */
#include "soloden.h"
#include "soloden_call.h"

/* What `soloden mcp add` and clients learn of the tools: JSON. */
static const char TOOLS[] =
    "{\"tools\":[{\"name\":\"greet\",\"description\":\"Greets somebody\",\"inputSchema\":{"
    "\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"],"
    "\"additionalProperties\":false}}]}";

static char request_text[1 << 20];
static char answer_text[(1 << 20) + 16];

/* Answers with a greeting. What stands between the quotes of a name goes into the answer as it is.
 */
static bool greet(struct soloden_json params) {
    static const char begin[] = "\"Hello, ", end[] = "!\"";
    struct soloden_json name = soloden_json_member(params, "name");
    if (name.size < 2 || name.at[0] != '"')
        return soloden_call_error("-32602", "name must be a text");
    size_t size = 0;
    for (const char *c = begin; *c != '\0'; c++)
        answer_text[size++] = *c;
    for (size_t i = 1; i + 1 < name.size; i++)
        answer_text[size++] = name.at[i];
    for (const char *c = end; *c != '\0'; c++)
        answer_text[size++] = *c;
    return soloden_call_answer("result", (struct soloden_json){answer_text, size});
}

static bool answer(struct soloden_json request) {
    struct soloden_json method = soloden_json_member(request, "method");
    if (soloden_json_is(method, "rpc.describe"))
        return soloden_call_result(TOOLS);
    if (soloden_json_is(method, "greet"))
        return greet(soloden_json_member(request, "params"));
    return soloden_call_error("-32601", "no such tool");
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    struct soloden_json request;
    /* What was done by now is in the snapshot that each call starts from. */
    soloden_ready(&info);
    if (!soloden_call_open())
        return SOLO5_EXIT_FAILURE;
    while (soloden_call_receive(request_text, sizeof request_text, &request) && answer(request))
        ;
    return SOLO5_EXIT_SUCCESS;
}
