/*
 * kvm_floor.c: makes virtual machines with the calls that a pool makes for a guest of hvt.
 *
 *     kvm_floor ROUNDS MEMORY
 *
 * Two times in nanoseconds a round: of making a machine with so many bytes of memory, up to its
 * first instruction; and the part of it after the machine and its CPU were made.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ENTRIES = 256 };

static struct {
    struct kvm_cpuid2 header;
    struct kvm_cpuid_entry2 entries[ENTRIES];
} cpuid;

static struct kvm_sregs sregs;

static struct {
    struct kvm_signal_mask header;
    uint64_t set;
} signals = {.header = {.len = sizeof(uint64_t)}};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int must(int result, const char *call) {
    if (result >= 0)
        return result;
    perror(call);
    exit(1);
}

/* Makes a machine, and takes it down again. Prints the times of the first. */
static void round_of(int kvm, int image, size_t memory_size, int run_size) {
    uint64_t start = now();
    int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    int vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    void *run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    must(ioctl(vcpu, KVM_SET_SIGNAL_MASK, &signals), "KVM_SET_SIGNAL_MASK");
    uint64_t made = now();
    int file = must(fcntl(image, F_DUPFD_CLOEXEC, 0), "fcntl");
    uint8_t *memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (run == MAP_FAILED || memory == MAP_FAILED)
        must(-1, "mmap");
    memset(memory + 0x10000, 1, 256); /* the boot area */
    struct kvm_userspace_memory_region region = {
        .memory_size = memory_size,
        .userspace_addr = (uintptr_t)memory,
    };
    must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
    must(ioctl(vcpu, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
    must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    struct kvm_regs regs = {.rip = 0x100000, .rflags = 2};
    must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
    uint64_t end = now();
    munmap(run, (size_t)run_size);
    close(vcpu);
    close(vm);
    munmap(memory, memory_size);
    close(file);
    printf("%llu %llu\n", (unsigned long long)(end - start), (unsigned long long)(end - made));
}

/* What the special registers of a new CPU are. */
static void read_special_registers(int kvm) {
    int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    int vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    close(vcpu);
    close(vm);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 1;
    long rounds = strtol(argv[1], NULL, 10);
    size_t memory_size = strtoul(argv[2], NULL, 10);
    int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    int run_size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    cpuid.header.nent = ENTRIES;
    must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
    read_special_registers(kvm);
    int image = must(memfd_create("image", MFD_CLOEXEC), "memfd_create");
    must(ftruncate(image, (off_t)memory_size), "ftruncate");
    char page[4096];
    memset(page, 1, sizeof page);
    must((int)pwrite(image, page, sizeof page, 0x10000), "pwrite");
    for (long round = 0; round < rounds; round++)
        round_of(kvm, image, memory_size, run_size);
    return 0;
}
