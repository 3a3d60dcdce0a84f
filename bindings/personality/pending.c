/*
 * pending.c: signals that were sent and have not come to anything yet, in the order of their
 * coming. Those for the thread go before those for the process.
 */
#include "pending.h"

#include "heap.h"

uint64_t signals_pending;

static struct sent *for_thread, *for_process;

/* Those of these signals that are in a list. */
static uint64_t among(const struct sent *list, uint64_t signals) {
    uint64_t found = 0;
    for (; list != NULL; list = list->next)
        found |= signal_bit(list->signal);
    return found & signals;
}

/* One that is before SIGRTMIN is not there twice. */
long pending_add(bool to_thread, const struct sent *sent) {
    struct sent **end = to_thread ? &for_thread : &for_process;
    for (; *end != NULL; end = &(*end)->next) {
        if ((*end)->signal == sent->signal && sent->signal < SIGRTMIN)
            return 0;
    }
    if ((*end = heap_allocate(sizeof **end)) == NULL)
        return -EAGAIN;
    **end = *sent;
    (*end)->next = NULL;
    signals_pending |= signal_bit(sent->signal);
    return 0;
}

/* Takes the oldest of a signal from a list that has it. */
static struct sent take(struct sent **list, int signal) {
    while ((*list)->signal != signal)
        list = &(*list)->next;
    struct sent *found = *list, taken = *found;
    *list = found->next;
    heap_free(found, sizeof *found);
    signals_pending = among(for_thread, ~0ul) | among(for_process, ~0ul);
    return taken;
}

/* Those that faults cause go before others. */
static uint64_t synchronous(void) {
    return signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGBUS) | signal_bit(SIGFPE) |
           signal_bit(SIGSEGV) | signal_bit(SIGSYS);
}

struct sent pending_take(uint64_t signals) {
    struct sent **list = among(for_thread, signals) != 0 ? &for_thread : &for_process;
    uint64_t ready = among(*list, signals);
    uint64_t first = ready & synchronous() ? ready & synchronous() : ready;
    return take(list, __builtin_ctzl(first) + 1);
}

void pending_forget(int signal) {
    while (signals_pending & signal_bit(signal))
        take(among(for_thread, signal_bit(signal)) != 0 ? &for_thread : &for_process, signal);
}
