/*
 * pci.c: virtio devices on the PCI bus, by configuration mechanism 1.
 */
#include "virtio.h"
#include "ports.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

/* Offsets in a function's configuration. */
#define VENDOR      0x00
#define COMMAND     0x04
#define HEADER_TYPE 0x0c
#define BASE        0x10
#define BUSES       0x18 /* Of a bridge. */
#define SUBSYSTEM   0x2c
#define LINE        0x3c

#define VENDOR_VIRTIO  0x1af4
#define DEVICE_LEGACY  0x1040 /* Devices with the legacy interface are below. */
#define BASE_IS_PORT   1u
#define COMMAND_MASTER 5u /* Ports answer, and the device may use memory. */
#define TYPE_BRIDGE    1

#define SLOTS 32

static uint32_t address_of(unsigned bus, unsigned slot, unsigned offset) {
    return CONFIG_ENABLE | bus << 16 | slot << 11 | offset;
}

static uint32_t read(unsigned bus, unsigned slot, unsigned offset) {
    port_write32(CONFIG_ADDRESS, address_of(bus, slot, offset));
    return port_read32(CONFIG_DATA);
}

static void write(unsigned bus, unsigned slot, unsigned offset, uint32_t value) {
    port_write32(CONFIG_ADDRESS, address_of(bus, slot, offset));
    port_write32(CONFIG_DATA, value);
}

/* Calls `found` if the device in a slot is virtio's and has the legacy interface. */
static void examine(unsigned bus, unsigned slot, uint32_t identity,
                    void (*found)(const struct pci_device *device)) {
    uint32_t base = read(bus, slot, BASE);
    if ((identity & 0xffff) != VENDOR_VIRTIO || identity >> 16 >= DEVICE_LEGACY ||
        !(base & BASE_IS_PORT))
        return;
    write(bus, slot, COMMAND, (read(bus, slot, COMMAND) & 0xffff) | COMMAND_MASTER);
    const struct pci_device device = {
        .type = (uint16_t)(read(bus, slot, SUBSYSTEM) >> 16),
        .port = (uint16_t)(base & ~3u),
        .line = (uint8_t)read(bus, slot, LINE),
    };
    found(&device);
}

void pci_scan(void (*found)(const struct pci_device *device)) {
    unsigned last_bus = 0;
    for (unsigned bus = 0; bus <= last_bus; bus++) {
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            uint32_t identity = read(bus, slot, VENDOR);
            if (identity == UINT32_MAX)
                continue;
            if ((read(bus, slot, HEADER_TYPE) >> 16 & 0x7f) == TYPE_BRIDGE) {
                /* The highest number of a bus behind it. */
                unsigned behind = read(bus, slot, BUSES) >> 16 & 0xff;
                if (behind > last_bus)
                    last_bus = behind;
            } else {
                examine(bus, slot, identity, found);
            }
        }
    }
}
