/*
 * virtio_clocks.c: virtio's clock chip and the measurement of the CPU's counter, with chips of this
 * program in place of the PC's.
 */
#define cpu_ticks ticks_of_this_host
#include "common/cpu.h"
#undef cpu_ticks
#include <time.h>

#include "check.h"

/*
 * The clock chip: what time it has, how it writes numbers, and how often it was asked if it is
 * busy.
 */
static time_t chip_time;
static int chip_binary;
static int chip_carries; /* Seconds that it moves on between two of its registers. */
static unsigned chip_busy;
static uint8_t chip_index;

/* The timer and the counter: what a look at one of them takes, in ticks of the CPU. */
#define TICKS_PER_COUNT 1000
static uint64_t ticks;
static uint64_t stall; /* Added once, in the middle of the first measurement. */
static uint16_t latched;
static int latched_reads;

static uint64_t cpu_ticks(void) {
    if (stall != 0 && ticks > 20000000) {
        ticks += stall;
        stall = 0;
    }
    return ticks += 50;
}

static uint8_t number(int value) {
    return (uint8_t)(chip_binary ? value : value / 10 * 16 + value % 10);
}

static uint8_t chip_register(uint8_t index) {
    struct tm date;
    gmtime_r(&chip_time, &date);
    switch (index) {
    case 0x00:
        chip_time += chip_carries;
        chip_carries = 0;
        return number(date.tm_sec);
    case 0x02:
        return number(date.tm_min);
    case 0x04:
        return number(date.tm_hour);
    case 0x07:
        return number(date.tm_mday);
    case 0x08:
        return number(date.tm_mon + 1);
    case 0x09:
        return number(date.tm_year % 100);
    case 0x0a:
        return chip_busy > 0 ? chip_busy--, 0xa6 : 0x26;
    default:
        return chip_binary ? 0x06 : 0x02;
    }
}

/* In place of the PC's. */
#define PORTS_H
static void port_write8(uint16_t port, uint8_t value) {
    if (port == 0x70)
        chip_index = value;
    if (port == 0x43 && value == 0x00) {
        latched = (uint16_t)(0 - ticks / TICKS_PER_COUNT);
        latched_reads = 0;
    }
    ticks += 700;
}

static uint8_t port_read8(uint16_t port) {
    if (port == 0x71)
        return chip_register(chip_index);
    ticks += 700;
    return (uint8_t)(latched_reads++ == 0 ? latched : latched >> 8);
}

#define read read_register
#define number decoded
#include "virtio/rtc.c"
#undef read
#undef number
#include "virtio/tsc.c"

int main(void) {
    /* Every month's end, leap days and the last day of the century. */
    for (chip_binary = 0; chip_binary < 2; chip_binary++) {
        for (chip_time = 946684800; chip_time < 4102444800; chip_time += 86400 - 61) {
            chip_busy = 2;
            CHECK(rtc_seconds() == (uint64_t)chip_time && chip_busy == 0);
        }
    }
    /* Between two registers the last second of a year passes. */
    chip_time = 1798761599;
    chip_carries = 1;
    CHECK(rtc_seconds() == 1798761600);

    const uint64_t frequency = (uint64_t)TICKS_PER_COUNT * PIT_FREQUENCY;
    CHECK(tsc_frequency() / 1000000 == frequency / 1000000);
    /* The host does something else for longer than the timer counts. */
    ticks = 0;
    stall = UINT64_C(100000) * TICKS_PER_COUNT;
    CHECK(tsc_frequency() / 1000000 == frequency / 1000000 && stall == 0);
    return 0;
}
