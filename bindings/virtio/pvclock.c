/*
 * pvclock.c: KVM's clock: memory in which the hypervisor says how the CPU's counter relates to
 * time. Source: Linux, Documentation/virt/kvm/x86/msr.rst and cpuid.rst.
 */
#include "virtio.h"
#include "../common/cpu.h"

#define CPUID_FEATURES   1
#define FEATURE_GUEST    (1u << 31) /* Of ecx: there is a hypervisor. */
#define CPUID_HYPERVISOR 0x40000000u
#define FEATURE_CLOCK    (1u << 3)

#define MSR_WALL_CLOCK  0x4b564d00u
#define MSR_SYSTEM_TIME 0x4b564d01u
#define ENABLE          1

#define SECOND UINT64_C(1000000000) /* In nanoseconds. */

/* An odd version says that the rest is being written. */
struct system_time {
    uint32_t version;
    uint32_t padding;
    uint64_t ticks; /* When `time` was right. */
    uint64_t time;  /* In nanoseconds since the machine started. */
    uint32_t multiplier; /* From ticks to nanoseconds, in 2^-32. */
    int8_t shift;        /* Of ticks, to the left, before that. */
    uint8_t flags;
    uint8_t padding2[2];
};

/* When the machine started. */
struct wall_clock {
    uint32_t version;
    uint32_t seconds;
    uint32_t nanoseconds;
};

static volatile struct system_time system_time __attribute__((aligned(64)));
static volatile struct wall_clock wall_clock __attribute__((aligned(64)));

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid(uint32_t leaf) {
    struct cpuid result = {.eax = leaf};
    __asm__ volatile("cpuid"
                     : "+a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx));
    return result;
}

static void write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr"
                     :
                     : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static bool offered(void) {
    if (!(cpuid(CPUID_FEATURES).ecx & FEATURE_GUEST))
        return false;
    /* "KVMKVMKVM" */
    struct cpuid name = cpuid(CPUID_HYPERVISOR);
    return name.ebx == 0x4b4d564b && name.ecx == 0x564b4d56 && name.edx == 0x4d &&
           cpuid(CPUID_HYPERVISOR + 1).eax & FEATURE_CLOCK;
}

bool pvclock_init(void) {
    if (!offered())
        return false;
    write_msr(MSR_SYSTEM_TIME, (uintptr_t)&system_time | ENABLE);
    return true;
}

static void fence(void) {
    __asm__ volatile("lfence" : : : "memory");
}

solo5_time_t pvclock_monotonic(void) {
    uint32_t version;
    solo5_time_t now;
    do {
        version = system_time.version;
        fence();
        uint64_t passed = cpu_ticks() - system_time.ticks;
        int8_t shift = system_time.shift;
        passed = shift < 0 ? passed >> -shift : passed << shift;
        now = ((unsigned __int128)passed * system_time.multiplier >> 32) + system_time.time;
        fence();
    } while (version & 1 || version != system_time.version);
    return now;
}

/* Asks each time, so that a change of the host's clock is seen. */
solo5_time_t pvclock_wall(void) {
    write_msr(MSR_WALL_CLOCK, (uintptr_t)&wall_clock);
    solo5_time_t start = wall_clock.seconds * SECOND + wall_clock.nanoseconds;
    return start + pvclock_monotonic();
}
