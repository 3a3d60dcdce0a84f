/*
 * acpi.c: as much of ACPI as switches the machine off: the ports of power management from the FADT,
 * and the value for state S5 from the byte code of the DSDT. The tables' offsets are ACPI 6.5's,
 * section 5.2.
 */
#include "virtio.h"
#include "ports.h"

#define BIOS_START 0xe0000u
#define BIOS_END   0x100000u
#define TABLE_MAX  0x100000u

#define RSDP_SIZE     20
#define RSDP_RSDT     16
#define TABLE_LENGTH  4
#define TABLE_HEADER  36
#define FADT_DSDT     40
#define FADT_CONTROL1 64
#define FADT_CONTROL2 68

/* Byte code. */
#define NAME_OP    0x08
#define PACKAGE_OP 0x12
#define BYTE_OP    0x0a

#define SLEEP_TYPE_SHIFT 10
#define SLEEP_NOW        0x2000

#define IDLE_PORT 0x80 /* Of no device that matters. A read takes about a microsecond. */
#define PATIENCE  100000

static struct {
    uint16_t port1, port2; /* 0 for none. */
    uint16_t value;
} power;

static uint32_t read32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool begins(const uint8_t *at, const char *word) {
    while (*word != '\0') {
        if (*at++ != (uint8_t)*word++)
            return false;
    }
    return true;
}

/* The table at an address, if its length is one to believe. */
static const uint8_t *table_at(uint32_t address) {
    const uint8_t *table = (const uint8_t *)(uintptr_t)address;
    if (table == NULL)
        return NULL;
    uint32_t length = read32(table + TABLE_LENGTH);
    return length >= TABLE_HEADER && length <= TABLE_MAX && address <= UINT32_MAX - length ? table
                                                                                           : NULL;
}

static const uint8_t *find_root(void) {
    for (uintptr_t at = BIOS_START; at < BIOS_END; at += 16) {
        const uint8_t *pointer = (const uint8_t *)at;
        uint8_t sum = 0;
        if (!begins(pointer, "RSD PTR "))
            continue;
        for (int i = 0; i < RSDP_SIZE; i++)
            sum += pointer[i];
        if (sum == 0)
            return table_at(read32(pointer + RSDP_RSDT));
    }
    return NULL;
}

static const uint8_t *find_fadt(const uint8_t *root) {
    uint32_t length = read32(root + TABLE_LENGTH);
    for (uint32_t at = TABLE_HEADER; at + 4 <= length; at += 4) {
        const uint8_t *table = table_at(read32(root + at));
        if (table != NULL && begins(table, "FACP") &&
            read32(table + TABLE_LENGTH) >= FADT_CONTROL2 + 4)
            return table;
    }
    return NULL;
}

/* The first element of the package \_S5_, or -1. */
static int sleep_type(const uint8_t *dsdt) {
    uint32_t length = read32(dsdt + TABLE_LENGTH);
    for (uint32_t at = TABLE_HEADER; at + 16 <= length; at++) {
        if (dsdt[at] != NAME_OP)
            continue;
        const uint8_t *name = dsdt + at + 1 + (dsdt[at + 1] == '\\');
        if (!begins(name, "_S5_") || name[4] != PACKAGE_OP)
            continue;
        /* The package's length says in its first byte of how many more it consists. */
        const uint8_t *element = name + 5 + 1 + (name[5] >> 6) + 1;
        return *element == BYTE_OP ? element[1] : *element;
    }
    return -1;
}

void acpi_init(void) {
    const uint8_t *root = find_root();
    const uint8_t *fadt = root == NULL ? NULL : find_fadt(root);
    const uint8_t *dsdt = fadt == NULL ? NULL : table_at(read32(fadt + FADT_DSDT));
    int type = dsdt == NULL ? -1 : sleep_type(dsdt);
    if (type < 0)
        return;
    power.port1 = (uint16_t)read32(fadt + FADT_CONTROL1);
    power.port2 = (uint16_t)read32(fadt + FADT_CONTROL2);
    power.value = (uint16_t)((unsigned)type << SLEEP_TYPE_SHIFT | SLEEP_NOW);
}

void acpi_power_off(void) {
    if (power.port1 != 0)
        port_write16(power.port1, power.value);
    if (power.port2 != 0)
        port_write16(power.port2, power.value);
    /* The machine may take a moment. */
    for (int i = 0; power.port1 != 0 && i < PATIENCE; i++)
        port_read8(IDLE_PORT);
}
