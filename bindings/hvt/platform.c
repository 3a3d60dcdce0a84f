/*
 * platform.c: the console and the exit, by hypercall.
 */
#include "hvt.h"

#include "../common/bindings.h"
#include "../common/cpu.h"
#include "hypercall.h"
#include "net_ring.h"

void platform_puts(const char *data, size_t size) {
    struct hvt_hc_puts block = {.data = data, .len = size};
    hypercall(HVT_HYPERCALL_PUTS, &block);
}

void halt(int status, const struct hvt_trap_frame *cookie) {
    net_ring_drain();
    struct hvt_hc_halt block = {.cookie = cookie, .exit_status = status};
    hypercall(HVT_HYPERCALL_HALT, &block);
    for (;;)
        cpu_stop();
}

void platform_exit(int status) {
    halt(status, NULL);
}

solo5_result_t platform_set_thread_pointer(uintptr_t base) {
    cpu_set_thread_pointer(base);
    return SOLO5_R_OK;
}
