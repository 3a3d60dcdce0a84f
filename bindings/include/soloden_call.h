/*
 * soloden_call.h: what a tool needs: it receives requests and answers them. A request is
 * JSON-RPC 2.0 in a frame (its length in four bytes, little-endian, then as many bytes of JSON);
 * its method is the name of the tool, and `rpc.describe` asks which tools there are.
 *
 * The manifest declares { "name": "call", "type": "NET_BASIC" }. Where nobody calls, as under a
 * plain `soloden run`, the first soloden_call_receive() returns false.
 */
#ifndef SOLODEN_CALL_H
#define SOLODEN_CALL_H

#include "soloden_channel.h"

/* The most bytes that a request or an answer may have. */
#define SOLODEN_CALL_MAX 10485760

/* A part of a JSON text: a value as it stands there, strings in their quotes. Nothing is NULL. */
struct soloden_json {
    const char *at;
    size_t size;
};

static struct soloden_channel soloden_caller;
static char soloden_request_id[24]; /* of the request that is being answered */

/* Opens the channel; call it after soloden_ready(), or before any request. */
static inline bool soloden_call_open(void) {
    struct solo5_net_info info;
    return solo5_net_acquire("call", &soloden_caller.handle, &info) == SOLO5_R_OK;
}

static inline bool soloden_call_fill(void *to, size_t size) {
    for (size_t done = 0, count; done < size; done += count)
        if ((count = soloden_channel_read(&soloden_caller, (char *)to + done, size - done)) == 0)
            return false;
    return true;
}

static inline size_t soloden_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

/* Where a value ends that begins at `at`; brackets within strings do not count. */
static inline size_t soloden_json_end(struct soloden_json json, size_t at) {
    bool quoted = false;
    for (size_t depth = 0; at < json.size; at++) {
        char c = json.at[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
    }
    return at < json.size ? at : json.size;
}

/* The value of an object's member; nothing if it has none of that name. Names are compared as they
 * stand. */
static inline struct soloden_json soloden_json_member(struct soloden_json json, const char *name) {
    size_t length = soloden_length(name);
    for (size_t at = 0; at + 1 < json.size; at++) {
        size_t end = soloden_json_end(json, at + 1), key = at + 1;
        while (key < end && json.at[key] != '"')
            key++;
        size_t value = key + length + 2;
        bool found = value < end && json.at[value - 1] == '"' &&
                     __builtin_memcmp(json.at + key + 1, name, length) == 0;
        while (found && value < end && (json.at[value] == ' ' || json.at[value] == ':'))
            value++;
        while (found && end > value && (json.at[end - 1] == ' ' || json.at[end - 1] == '\n'))
            end--;
        if (found)
            return (struct soloden_json){json.at + value, end - value};
        at = end - 1;
    }
    return (struct soloden_json){NULL, 0};
}

/* Whether a value is a string of these characters, none of which is escaped. */
static inline bool soloden_json_is(struct soloden_json value, const char *text) {
    size_t length = soloden_length(text);
    return value.size == length + 2 && __builtin_memcmp(value.at + 1, text, length) == 0;
}

/* Receives a frame into `buffer`. Returns false at the end, or if it is too long for the buffer. */
static inline bool soloden_call_frame(char *buffer, size_t size, struct soloden_json *message) {
    uint8_t head[4];
    if (!soloden_call_fill(head, sizeof head))
        return false;
    size_t length = head[0] | head[1] << 8 | head[2] << 16 | (size_t)head[3] << 24;
    if (length == 0 || length > size || length > SOLODEN_CALL_MAX ||
        !soloden_call_fill(buffer, length))
        return false;
    *message = (struct soloden_json){buffer, length};
    return true;
}

/* Sends a frame of parts that make up one JSON value. Returns false at the end. */
static inline bool soloden_call_send(const struct soloden_json *parts, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    uint8_t head[4] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16),
                       (uint8_t)(size >> 24)};
    bool open = size <= SOLODEN_CALL_MAX && soloden_channel_write(&soloden_caller, head, 4);
    for (size_t i = 0; i < count && open; i++)
        open = soloden_channel_write(&soloden_caller, parts[i].at, parts[i].size);
    return open && soloden_channel_flush(&soloden_caller);
}

static inline struct soloden_json soloden_json_text(const char *text) {
    return (struct soloden_json){text, soloden_length(text)};
}

/*
 * Waits for a request, and puts it into `buffer`. Returns false at the end: nobody calls any more,
 * or the request is too long for the buffer.
 */
static inline bool soloden_call_receive(char *buffer, size_t size, struct soloden_json *request) {
    if (!soloden_call_frame(buffer, size, request))
        return false;
    struct soloden_json id = soloden_json_member(*request, "id");
    if (id.size >= sizeof soloden_request_id)
        return false;
    __builtin_memcpy(soloden_request_id, id.at, id.size);
    soloden_request_id[id.size] = '\0';
    return true;
}

/* Answers the request: `member` is `result` or `error`, and the value its JSON. Returns false at
 * the end. */
static inline bool soloden_call_answer(const char *member, struct soloden_json value) {
    const struct soloden_json parts[] = {soloden_json_text("{\"jsonrpc\":\"2.0\",\"id\":"),
                                         soloden_json_text(soloden_request_id),
                                         soloden_json_text(",\""),
                                         soloden_json_text(member),
                                         soloden_json_text("\":"),
                                         value,
                                         soloden_json_text("}")};
    return soloden_call_send(parts, 7);
}

/*
 * Asks the host for something, as for `fetch`: a request to a server that the configuration allows.
 * The reply, with its `result` or `error`, is put into `buffer`. Returns false at the end.
 */
static inline bool soloden_call_ask(const char *method, struct soloden_json params, char *buffer,
                                    size_t size, struct soloden_json *reply) {
    const struct soloden_json parts[] = {
        soloden_json_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\""), soloden_json_text(method),
        soloden_json_text("\",\"params\":"), params, soloden_json_text("}")};
    return soloden_call_send(parts, 5) && soloden_call_frame(buffer, size, reply);
}

/* Answers the request with a result, given as JSON. */
static inline bool soloden_call_result(const char *json) {
    return soloden_call_answer("result", soloden_json_text(json));
}

/* Answers it with an error; `message` goes into a JSON string as it stands. */
static inline bool soloden_call_error(const char *code, const char *message) {
    const struct soloden_json parts[] = {soloden_json_text("{\"jsonrpc\":\"2.0\",\"id\":"),
                                         soloden_json_text(soloden_request_id),
                                         soloden_json_text(",\"error\":{\"code\":"),
                                         soloden_json_text(code),
                                         soloden_json_text(",\"message\":\""),
                                         soloden_json_text(message),
                                         soloden_json_text("\"}}")};
    return soloden_call_send(parts, 7);
}

#endif
