/*
 * identity.c: the users and groups that the program runs as. It begins as root, and can become
 * anyone; files are open to it all the same.
 */
#include "identity.h"

#include "heap.h"
#include "pages.h"

#define SAME ~0u /* Leaves a number as it is. */

struct ids {
    uint32_t real, effective, saved;
};

static struct ids all[2];

long identity_real(enum identity kind) {
    return all[kind].real;
}

long identity_effective(enum identity kind) {
    return all[kind].effective;
}

static bool is_root(void) {
    return all[IDENTITY_USER].effective == 0;
}

static bool is_own(const struct ids *ids, uint32_t id) {
    return id == SAME || id == ids->real || id == ids->effective || id == ids->saved;
}

long identity_set(enum identity kind, uint32_t id) {
    struct ids *ids = &all[kind];
    if (id == SAME)
        return -EINVAL;
    if (is_root())
        *ids = (struct ids){id, id, id};
    else if (is_own(ids, id))
        ids->effective = id;
    else
        return -EPERM;
    return 0;
}

long identity_set_all(enum identity kind, uint32_t real, uint32_t effective, uint32_t saved) {
    struct ids *ids = &all[kind];
    if (!is_root() && !(is_own(ids, real) && is_own(ids, effective) && is_own(ids, saved)))
        return -EPERM;
    if (real != SAME)
        ids->real = real;
    if (effective != SAME)
        ids->effective = effective;
    if (saved != SAME)
        ids->saved = saved;
    return 0;
}

long identity_set_two(enum identity kind, uint32_t real, uint32_t effective) {
    const struct ids *ids = &all[kind];
    uint32_t becomes = effective == SAME ? ids->effective : effective;
    bool saves = real != SAME || (effective != SAME && effective != ids->real);
    return identity_set_all(kind, real, effective, saves ? becomes : SAME);
}

long identity_get_all(enum identity kind, uintptr_t real, uintptr_t effective, uintptr_t saved) {
    if (!memory_writable(real, 4) || !memory_writable(effective, 4) || !memory_writable(saved, 4))
        return -EFAULT;
    *(uint32_t *)real = all[kind].real;
    *(uint32_t *)effective = all[kind].effective;
    *(uint32_t *)saved = all[kind].saved;
    return 0;
}

/* ---- Other groups ---- */

#define MOST_GROUPS 65536

static uint32_t *groups;
static int group_count;

long call_getgroups(int count, uintptr_t list) {
    if (count < 0 || (count > 0 && count < group_count))
        return -EINVAL;
    size_t size = (size_t)group_count * sizeof *groups;
    if (count > 0 && !memory_writable(list, size))
        return -EFAULT;
    if (count > 0 && size > 0)
        memcpy((void *)list, groups, size);
    return group_count;
}

long call_setgroups(int count, uintptr_t list) {
    if (!is_root())
        return -EPERM;
    if (count < 0 || count > MOST_GROUPS)
        return -EINVAL;
    size_t size = (size_t)count * sizeof *groups;
    if (!memory_readable(list, size))
        return -EFAULT;
    uint32_t *given = size == 0 ? NULL : heap_allocate(size);
    if (given == NULL && size > 0)
        return -ENOMEM;
    if (size > 0)
        memcpy(given, (const void *)list, size);
    if (group_count > 0)
        heap_free(groups, (size_t)group_count * sizeof *groups);
    groups = given;
    group_count = count;
    return 0;
}
