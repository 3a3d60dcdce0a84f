/*
 * start.c: the machine made ready, and the unikernel started.
 */
#include "virtio.h"
#include "elf_abi.h"

#define VIRTIO_ABI_VERSION 1

ABI1_NOTE_DECLARE(ABI_TARGET_VIRTIO, VIRTIO_ABI_VERSION)
NOT_OPENBSD_NOTE_DECLARE
INTERP_DECLARE

uint64_t machine_init(const struct multiboot_info *info);
_Noreturn void machine_start(void);

static uint64_t mem_size;

/* Called on the first stack, with all memory mapped. Returns the size of memory. */
uint64_t machine_init(const struct multiboot_info *info) {
    console_init();
    /* Both lie in memory that may be taken later. */
    mem_size = multiboot_read(info);
    acpi_init();
    pages_init(mem_size);
    return mem_size;
}

/* Called on the application's stack. */
void machine_start(void) {
    interrupts_init();
    clock_init();
    const struct mft *mft = devices_attach();
    pages_protect();
    const struct boot boot = {
        .target = "virtio",
        .cmdline = multiboot_cmdline(),
        .mft = mft,
        .mem_size = mem_size,
        .kernel_end = pages_end(),
    };
    start(&boot);
}
