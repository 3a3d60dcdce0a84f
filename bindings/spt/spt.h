/*
 * spt.h: declarations that the files of the spt bindings share.
 */
#ifndef SPT_H
#define SPT_H

#include "spt_abi.h"

/* Stores the descriptors to wait on. */
void clock_init(int epollfd, int timerfd);

#endif
