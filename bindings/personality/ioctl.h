/*
 * ioctl.h: requests to open files.
 */
#ifndef PERSONALITY_IOCTL_H
#define PERSONALITY_IOCTL_H

#include "base.h"

long call_ioctl(int fd, uint32_t request, uintptr_t argument);

#endif
