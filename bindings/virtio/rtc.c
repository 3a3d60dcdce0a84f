/*
 * rtc.c: the clock chip (Motorola MC146818), which runs on UTC.
 */
#include "virtio.h"
#include "ports.h"

#define INDEX 0x70
#define DATA  0x71

#define SECONDS  0x00
#define MINUTES  0x02
#define HOURS    0x04
#define DAY      0x07
#define MONTH    0x08
#define YEAR     0x09
#define STATUS_A 0x0a
#define STATUS_B 0x0b

#define UPDATING 0x80 /* Of status A. */
#define BINARY   0x04 /* Of status B: numbers are binary. */

struct date {
    uint8_t year, month, day, hours, minutes, seconds;
};

static uint8_t read(uint8_t index) {
    port_write8(INDEX, index);
    return port_read8(DATA);
}

static uint8_t number(uint8_t index) {
    uint8_t value = read(index);
    return read(STATUS_B) & BINARY ? value : (uint8_t)((value >> 4) * 10 + (value & 15));
}

static struct date read_date(void) {
    while (read(STATUS_A) & UPDATING)
        ;
    return (struct date){
        .year = number(YEAR),
        .month = number(MONTH),
        .day = number(DAY),
        .hours = number(HOURS),
        .minutes = number(MINUTES),
        .seconds = number(SECONDS),
    };
}

/* Of this century, which has a leap year every fourth year up to 2099. */
static uint64_t days_since_1970(const struct date *date) {
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const uint64_t days_to_2000 = 10957;
    unsigned month = (date->month - 1u) % 12;
    unsigned leap_days = (date->year + 3u) / 4 + (date->year % 4 == 0 && month >= 2);
    return days_to_2000 + date->year * 365u + leap_days + before[month] + date->day - 1u;
}

uint64_t rtc_seconds(void) {
    struct date date = read_date();
    /* An update between two reads makes a date that never was. */
    for (;;) {
        struct date again = read_date();
        if (again.seconds == date.seconds && again.minutes == date.minutes)
            break;
        date = again;
    }
    uint64_t hours = days_since_1970(&date) * 24 + date.hours;
    return (hours * 60 + date.minutes) * 60 + date.seconds;
}
