/*
 * values.c: strings and properties of the engine's.
 */
#include "quickjs.h"

js js_text(const char *text, size_t size) {
    js address = JS(wasm_malloc, (uint32_t)size + 1);
    if (address == 0)
        wasm_rt_trap(WASM_RT_TRAP_OOB);
    memcpy(quickjs.w2c_memory.data + address, text, size);
    quickjs.w2c_memory.data[address + size] = 0;
    return address;
}

js js_string(const char *text, size_t size) {
    js copy = js_text(text, size);
    js string = JS(qjs_new_string, copy, (uint32_t)size);
    JS(wasm_free, copy);
    return string;
}

void js_set(js object, const char *name, js value) {
    js key = js_text(name, strlen(name));
    JS(qjs_set_prop_string, object, key, value);
    JS(wasm_free, key);
}

js js_get(js object, const char *name) {
    js key = js_text(name, strlen(name));
    js value = JS(qjs_get_prop_string, object, key);
    JS(wasm_free, key);
    return value;
}

js js_throw(const char *message) {
    js error = JS(qjs_new_error);
    js text = js_string(message, strlen(message));
    js_set(error, "message", text);
    JS(qjs_free_value, text);
    JS(qjs_throw, error);
    JS(qjs_free_value, error);
    return 0;
}

char *js_to_text(js value, size_t *size) {
    js length = JS(wasm_malloc, 4);
    js text = JS(qjs_get_string_len, value, length);
    uint32_t found;
    memcpy(&found, quickjs.w2c_memory.data + length, 4);
    JS(wasm_free, length);
    if (text == 0)
        return NULL;
    char *copy = malloc(found + 1ul);
    if (copy == NULL)
        wasm_rt_trap(WASM_RT_TRAP_OOB);
    memcpy(copy, quickjs.w2c_memory.data + text, found);
    copy[found] = 0;
    JS(qjs_free_cstring, text);
    *size = found;
    return copy;
}
