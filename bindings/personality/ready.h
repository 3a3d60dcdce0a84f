/*
 * ready.h: the mark at which a snapshot is taken.
 */
#ifndef PERSONALITY_READY_H
#define PERSONALITY_READY_H

#include "base.h"

/*
 * The mark of soloden_ready(). In a start of a snapshot that was taken here, this returns with that
 * start's arguments, environment and devices.
 */
void ready_mark(void);
/* What solo5_app_main was given. */
void ready_start(const struct solo5_start_info *info);

#endif
