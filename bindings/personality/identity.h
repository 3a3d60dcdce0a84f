/*
 * identity.h: the users and groups that the program runs as.
 */
#ifndef PERSONALITY_IDENTITY_H
#define PERSONALITY_IDENTITY_H

#include "base.h"

/* Users, or groups: real, effective and saved. */
enum identity { IDENTITY_USER, IDENTITY_GROUP };

long identity_real(enum identity kind);
long identity_effective(enum identity kind);
/* setuid() and setgid(). */
long identity_set(enum identity kind, uint32_t id);
/* setresuid() and the like; without a saved one, the saved follows the effective. ~0 leaves one. */
long identity_set_all(enum identity kind, uint32_t real, uint32_t effective, uint32_t saved);
long identity_set_two(enum identity kind, uint32_t real, uint32_t effective);
/* getresuid() and getresgid(). */
long identity_get_all(enum identity kind, uintptr_t real, uintptr_t effective, uintptr_t saved);
long call_getgroups(int count, uintptr_t list);
long call_setgroups(int count, uintptr_t list);

#endif
