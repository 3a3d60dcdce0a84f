/*
 * ready.c: the mark at which a snapshot is taken, for a program: it opens /dev/soloden/ready.
 */
#include "ready.h"

#include "arguments.h"
#include "channels.h"
#include "clock.h"
#include "console.h"
#include "end.h"
#include "pages.h"
#include "tree.h"

/* In ready_x86_64.S, with which the personality is linked. */
void soloden_ready_here(struct solo5_start_info *info);

static struct solo5_start_info start_info;

void ready_start(const struct solo5_start_info *info) {
    start_info = *info;
}

void ready_mark(void) {
    /* A start of a snapshot stores its own. */
    start_info.cmdline = NULL;
    memory_clean();
    soloden_ready_here(&start_info);
    clock_forget();
    tree_add_files();
    if (start_info.cmdline == NULL)
        return;
    channels_resume();
    if (!arguments_start(start_info.cmdline)) {
        console_say("not enough memory for the arguments");
        process_end(1);
    }
}
