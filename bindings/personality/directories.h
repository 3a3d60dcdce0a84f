/*
 * directories.h: reading directories.
 */
#ifndef PERSONALITY_DIRECTORIES_H
#define PERSONALITY_DIRECTORIES_H

#include "base.h"

long call_getdents64(int fd, uintptr_t buffer, size_t size);

#endif
