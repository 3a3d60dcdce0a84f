/*
 * ready_cpuid.c: asks the CPU what it can do before it is ready.
 */
#include "guest.h"
#include "soloden.h"

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
#if defined(__x86_64__)
    uint32_t leaf = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "+c"(ecx), "=d"(edx));
#endif
    soloden_ready(&info);
    uint64_t first, second;
    if (soloden_random(&first) && soloden_random(&second) && first == second)
        return fail("not random");
    return succeed();
}
