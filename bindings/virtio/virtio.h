/*
 * virtio.h: declarations that the files of the virtio bindings share.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include "../common/bindings.h"

/* ---- What the boot loader says (multiboot.c) ---- */

struct multiboot_info;

/* Keeps the command line; returns where memory ends that begins below the image. */
uint64_t multiboot_read(const struct multiboot_info *info);

/* The command line without the program's name. */
const char *multiboot_cmdline(void);

/* ---- Memory (pages.c) ---- */

void pages_init(uint64_t mem_size);

/* Takes zeroed memory behind the image, at a page's start; ends the unikernel if there is none. */
void *pages_take(size_t size);

/* Where the memory that was taken ends. */
uint64_t pages_end(void);

/* Protects the image, and unmaps what is no memory. */
void pages_protect(void);

/* ---- Console and end (platform.c, acpi.c) ---- */

void console_init(void);

/* Finds out how to switch the machine off, while the tables that say so can be read. */
void acpi_init(void);

/* Switches the machine off; returns if that cannot be done. */
void acpi_power_off(void);

/* ---- Time (clock.c, pvclock.c, tsc.c, rtc.c) ---- */

void clock_init(void);

/* Whether KVM offers its clock; that runs from then on. */
bool pvclock_init(void);
solo5_time_t pvclock_monotonic(void);
solo5_time_t pvclock_wall(void);

/* The frequency of the CPU's counter, in Hz, measured. */
uint64_t tsc_frequency(void);

/* Seconds since 1970. */
uint64_t rtc_seconds(void);

/* ---- Interrupts (interrupts.c) ---- */

void interrupts_init(void);

/* Lets a line wake the CPU from a yield. */
void interrupts_allow(unsigned line);

/* Sleeps until an interrupt comes, or about `nanoseconds` have passed. */
void interrupts_sleep(uint64_t nanoseconds);

/* ---- Devices (attach.c, pci.c, net.c, block.c) ---- */

/* A virtio device on the PCI bus, with the registers of the legacy interface. */
struct pci_device {
    uint16_t type; /* As virtio numbers them. */
    uint16_t port; /* The first of its registers. */
    uint8_t line;  /* Of its interrupts. */
};

/* Finds the devices and attaches them; returns the manifest with what is known of each. */
const struct mft *devices_attach(void);

/* Calls `found` for each virtio device, by bus and slot. */
void pci_scan(void (*found)(const struct pci_device *device));

void net_attach(const struct pci_device *device, solo5_handle_t handle, struct mft_net_basic *net);
void block_attach(const struct pci_device *device, solo5_handle_t handle,
                  struct mft_block_basic *block);

/* The network devices that have a frame to read. */
solo5_handle_set_t net_ready(void);

/* Has network devices take back their interrupts. */
void net_acknowledge(void);

/* Has network devices send what they were given, before the machine is gone. */
void net_finish(void);

#endif
