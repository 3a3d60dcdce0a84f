/*
 * log.c: how much the bindings print, and the options of the command line that set it.
 */
#include "bindings.h"
#include "text.h"

static enum log_level log_threshold = LOG_INFO;

static const struct {
    const char *word;
    enum log_level level;
} options[] = {
    {"--solo5:quiet", LOG_ERROR}, {"--solo5:error", LOG_ERROR}, {"--solo5:warn", LOG_WARN},
    {"--solo5:info", LOG_INFO},   {"--solo5:debug", LOG_DEBUG},
};

/* If the text begins with `word`, what follows it and its spaces; else NULL. */
static const char *after_word(const char *text, const char *word) {
    while (*word != '\0') {
        if (*text++ != *word++)
            return NULL;
    }
    if (*text != '\0' && *text != ' ')
        return NULL;
    while (*text == ' ')
        text++;
    return text;
}

/* Applies the option that the text begins with and returns what follows it; NULL without one. */
static const char *take_option(const char *text) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *rest = after_word(text, options[i].word);
        if (rest != NULL) {
            log_threshold = options[i].level;
            return rest;
        }
    }
    return NULL;
}

const char *log_options(const char *cmdline) {
    const char *rest;
    /* A snapshot has the level of its first start. */
    log_threshold = LOG_INFO;
    while (*cmdline == '-' && (rest = take_option(cmdline)) != NULL)
        cmdline = rest;
    return cmdline;
}

bool log_enabled(enum log_level level) {
    return level <= log_threshold;
}

void fatal(const char *reason) {
    char buffer[128];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "Solo5: ABORT: ");
    text_string(&text, reason);
    text_string(&text, "\n");
    text_print(&text);
    platform_exit(SOLO5_EXIT_ABORT);
}
