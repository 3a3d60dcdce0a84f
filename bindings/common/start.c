/*
 * start.c: runs the application, from a target's entry point to the exit. Compiled without the
 * stack protector, because start() changes the guard while it runs.
 */
#include "bindings.h"
#include "program.h"
#include "text.h"

static void print_banner(const struct boot *boot) {
    char buffer[640];
    struct text text = {buffer, sizeof buffer, 0};
    text_string(&text, "   .--.\n"
                       "  ( () )  soloden\n"
                       "   `--'   a Solo5 unikernel for ");
    text_string(&text, boot->target);
    text_string(&text, "\n");
    memory_describe(&text, boot);
    text_print(&text);
}

void start(const struct boot *boot) {
    stack_guard_init();
    const char *cmdline = log_options(boot->cmdline);
    if (log_enabled(LOG_INFO))
        print_banner(boot);
    struct solo5_start_info info = memory_init(boot);
    info.cmdline = cmdline;
    devices_init(boot->mft);
    __typeof__(&solo5_app_main) main = (void *)program.application.main;
    solo5_exit(main(&info));
}
