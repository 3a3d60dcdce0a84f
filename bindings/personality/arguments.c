/*
 * arguments.c: the program's arguments and its environment. They come from the command line of the
 * start, which is taken apart here; /proc/self/cmdline and /proc/self/environ show them.
 */
#include "arguments.h"

#include "heap.h"

struct strings arguments, environment;

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n';
}

/*
 * Takes the next word from a command line as a shell does: words are separated by spaces, '...' and
 * "..." keep them, and a backslash takes a meaning away. Writes it with its NUL, which never takes
 * more room than the word and its space did; returns NULL at the line's end.
 */
static char *next_word(const char **line, char *out) {
    const char *at = *line;
    while (is_space(*at))
        at++;
    if (*at == 0)
        return NULL;
    char quote = 0;
    for (; *at != 0 && (quote != 0 || !is_space(*at)); at++) {
        if (quote == 0 && (*at == '\'' || *at == '"'))
            quote = *at;
        else if (*at == quote)
            quote = 0;
        else if (*at == '\\' && at[1] != 0 &&
                 (quote == 0 || (quote == '"' && (at[1] == '"' || at[1] == '\\'))))
            *out++ = *++at;
        else
            *out++ = *at;
    }
    *out++ = 0;
    *line = at;
    return out;
}

/* Words that the command line begins with, before the program's own arguments. */
#define VARIABLE "--soloden:env="  /* NAME=VALUE */
#define SIZE     "--soloden:size=" /* NAME=BYTES */

/* The NAME=BYTES of this start. */
static struct strings sizes;

/* What a word gives, after what it begins with; NULL if it begins otherwise. */
static const char *after(const char *word, const char *start) {
    size_t length = strlen(start);
    return strncmp(word, start, length) == 0 ? word + length : NULL;
}

static void append(struct strings *to, const char *string) {
    size_t size = strlen(string) + 1;
    memcpy(to->bytes + to->size, string, size);
    to->size += size;
    to->count++;
}

/* Room for strings of this size; what was there before is given back. */
static bool make_room(struct strings *strings, size_t size) {
    if (strings->room > 0)
        heap_free(strings->bytes, strings->room);
    *strings = (struct strings){.bytes = heap_allocate(size), .room = size};
    return strings->bytes != NULL;
}

/* The first string that begins with a name and an equals sign; NULL if none does. */
static const char *find(const struct strings *strings, const char *name, size_t length) {
    const char *end = strings->bytes + strings->size;
    for (const char *at = strings->bytes; at < end; at += strlen(at) + 1) {
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at;
    }
    return NULL;
}

const char *arguments_size(const char *name) {
    const char *found = find(&sizes, name, strlen(name));
    return found == NULL ? NULL : found + strlen(name) + 1;
}

/* Takes a word that is for the personality; false if it is the program's own. */
static bool take(const char *word) {
    const char *variable = after(word, VARIABLE), *size = after(word, SIZE);
    if (variable != NULL)
        append(&environment, variable);
    else if (size != NULL)
        append(&sizes, size);
    return variable != NULL || size != NULL;
}

/* The length of a variable's name. */
static size_t name_length(const char *variable) {
    const char *equals = strchr(variable, '=');
    return equals == NULL ? strlen(variable) : (size_t)(equals - variable);
}

bool arguments_start(const char *line) {
    const struct personality_program *program = &personality_program;
    const char *name = (const char *)program->path + 1;
    size_t line_size = strlen(line) + 1;
    if (!make_room(&arguments, strlen(name) + 1 + line_size) ||
        !make_room(&environment, program->environment_size + line_size) ||
        !make_room(&sizes, line_size))
        return false;
    append(&arguments, name);
    bool leading = true;
    for (;;) {
        char *word = arguments.bytes + arguments.size;
        char *end = next_word(&line, word);
        if (end == NULL)
            break;
        leading = leading && take(word);
        if (leading)
            continue;
        arguments.size += (size_t)(end - word);
        arguments.count++;
    }
    /* The program's own environment has what the command line has not. */
    const char *variable = (const char *)program->environment;
    const char *end = variable + program->environment_size;
    for (; variable < end; variable += strlen(variable) + 1) {
        if (find(&environment, variable, name_length(variable)) == NULL)
            append(&environment, variable);
    }
    return true;
}
