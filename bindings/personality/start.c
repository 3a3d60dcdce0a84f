/*
 * start.c: begins the program, with the stack that Linux would give it.
 */
#include "personality.h"

/* Programs get this much if memory is plenty, and a quarter of it otherwise. */
#define STACK_SIZE (8ul << 20)

#define PAIRS 17

size_t start_command_line_size;
const char *start_command_line;

static uint64_t hwcap(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx;
}

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n';
}

/*
 * Takes a command line apart as a shell does: words are separated by spaces, '...' and "..." keep
 * them, and a backslash takes a meaning away. Writes each word with its NUL; returns how many there
 * are.
 */
static size_t split(const char *line, char **end) {
    char *out = *end;
    size_t words = 0;
    for (;;) {
        while (is_space(*line))
            line++;
        if (*line == 0)
            break;
        words++;
        char quote = 0;
        for (; *line != 0 && (quote != 0 || !is_space(*line)); line++) {
            if (quote == 0 && (*line == '\'' || *line == '"'))
                quote = *line;
            else if (*line == quote)
                quote = 0;
            else if (*line == '\\' && line[1] != 0 &&
                     (quote == 0 || (quote == '"' && (line[1] == '"' || line[1] == '\\'))))
                *out++ = *++line;
            else
                *out++ = *line;
        }
        *out++ = 0;
    }
    *end = out;
    return words;
}

/* Writes the addresses of strings that follow each other. */
static uint64_t *list(uint64_t *out, const char *strings, size_t number) {
    for (; number > 0; number--) {
        *out++ = (uint64_t)strings;
        strings += strlen(strings) + 1;
    }
    *out++ = 0;
    return out;
}

static size_t count_strings(const char *strings, size_t size) {
    size_t number = 0;
    for (size_t at = 0; at < size; at++)
        number += strings[at] == 0;
    return number;
}

/* Puts arguments, environment and auxiliary vector onto the stack; returns the stack pointer. */
static uintptr_t fill_stack(const char *cmdline) {
    const struct personality_program *program = &personality_program;
    const char *given = (const char *)program->path;
    size_t name_size = strlen(given); /* Without the slash, and with the NUL. */
    /* No word is longer than what it is made from, and each but the last has a space for its NUL.
     */
    size_t room = name_size + strlen(cmdline) + 1;
    char *environment = (char *)memory_stack_end() - program->environment_size;
    memcpy(environment, (const void *)program->environment, program->environment_size);
    char *arguments = environment - room;
    memcpy(arguments, given + 1, name_size);
    char *end = arguments + name_size;
    size_t words = 1 + split(cmdline, &end);
    start_command_line = arguments;
    start_command_line_size = (size_t)(end - arguments);

    char *platform = arguments - sizeof "x86_64";
    memcpy(platform, "x86_64", sizeof "x86_64");
    uint64_t *random = (uint64_t *)(((uintptr_t)platform & -16ul) - 16);
    random_fill(random, 16);
    const uint64_t auxiliary[PAIRS][2] = {
        {AT_PHDR, program->headers},
        {AT_PHENT, 56},
        {AT_PHNUM, program->header_count},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, program->entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_PLATFORM, (uint64_t)platform},
        {AT_HWCAP, hwcap()},
        {AT_CLKTCK, 100},
        {AT_SECURE, 0},
        {AT_RANDOM, (uint64_t)random},
        {AT_EXECFN, program->path},
    };
    size_t variables = count_strings(environment, program->environment_size);
    size_t size = 8 * (1 + words + 1 + variables + 1) + sizeof auxiliary + 16;
    uint64_t *sp = (uint64_t *)(((uintptr_t)random - size) & -16ul);
    uint64_t *out = sp;
    *out++ = words;
    out = list(out, arguments, words);
    out = list(out, environment, variables);
    memcpy(out, auxiliary, sizeof auxiliary);
    memset((char *)out + sizeof auxiliary, 0, 16);
    return (uintptr_t)sp;
}

int solo5_app_main(const struct solo5_start_info *info) {
    size_t quarter = page_down(info->heap_size / 4);
    memory_start(info->heap_start, info->heap_size, quarter < STACK_SIZE ? quarter : STACK_SIZE);
    clock_start();
    nodes_start();
    devices_start();
    descriptors_start();
    if (personality_program.environment_size + 0x10000 > memory_stack_size()) {
        console_say("not enough memory for the environment");
        return 1;
    }
    personality_enter(personality_program.entry, fill_stack(info->cmdline));
}
