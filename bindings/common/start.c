/*
 * start.c: runs the application, from a target's entry point to the exit. Compiled without the
 * stack protector, because start() changes the guard while it runs.
 */
#include "bindings.h"
#include "mark.h"
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

/* Goes on from where a snapshot was taken, with this start's command line and devices. */
static _Noreturn void resume(const struct boot *boot, const struct soloden_record *record) {
    stack_guard_resume();
    const char *cmdline = log_options(boot->cmdline);
    if (log_enabled(LOG_INFO))
        print_banner(boot);
    devices_resume(boot->mft, record->acquired);
    clock_resume(record->time);
    solo5_set_tls_base(record->thread_pointer);
    record->info->cmdline = cmdline;
    record->resume(record);
}

void start(const struct boot *boot) {
    const struct soloden_record *record = mark_found();
    if (record != NULL)
        resume(boot, record);
    stack_guard_init();
    const char *cmdline = log_options(boot->cmdline);
    if (log_enabled(LOG_INFO))
        print_banner(boot);
    struct solo5_start_info info = memory_init(boot);
    info.cmdline = cmdline;
    devices_init(boot->mft);
    main_call(&info, program.application.main, program_returned);
}
