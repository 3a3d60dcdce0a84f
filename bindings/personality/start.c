/*
 * start.c: begins the program, with the stack that Linux would give it.
 */
#include "arguments.h"
#include "clock.h"
#include "console.h"
#include "own_files.h"
#include "pages.h"
#include "random.h"
#include "ready.h"
#include "registers.h"
#include "tree.h"

/* Programs get this much if memory is plenty, and a quarter of it otherwise. */
#define STACK_SIZE (8ul << 20)

#define PAIRS 17

static uint64_t hwcap(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx;
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

/* Puts strings below an address; returns where they begin. */
static char *put(char *end, const struct strings *strings) {
    return memcpy(end - strings->size, strings->bytes, strings->size);
}

/* Puts arguments, environment and auxiliary vector onto the stack; returns the stack pointer. */
static uintptr_t fill_stack(void) {
    const struct personality_program *program = &personality_program;
    char *variables = put((char *)memory_stack_end(), &environment);
    char *words = put(variables, &arguments);
    char *platform = words - sizeof "x86_64";
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
    size_t pointers = 1 + arguments.count + 1 + environment.count + 1;
    size_t size = 8 * pointers + sizeof auxiliary + 16;
    uint64_t *sp = (uint64_t *)(((uintptr_t)random - size) & -16ul);
    uint64_t *out = sp;
    *out++ = arguments.count;
    out = list(out, words, arguments.count);
    out = list(out, variables, environment.count);
    memcpy(out, auxiliary, sizeof auxiliary);
    memset((char *)out + sizeof auxiliary, 0, 16);
    return (uintptr_t)sp;
}

int solo5_app_main(const struct solo5_start_info *info) {
    size_t quarter = page_down(info->heap_size / 4);
    memory_start(info->heap_start, info->heap_size, quarter < STACK_SIZE ? quarter : STACK_SIZE);
    clock_start();
    tree_start();
    own_files_start();
    ready_start(info);
    if (!arguments_start(info->cmdline) ||
        arguments.size + environment.size + 0x10000 > memory_stack_size()) {
        console_say("not enough memory for the environment");
        return 1;
    }
    clock_run();
    personality_enter(personality_program.entry, fill_stack());
}
