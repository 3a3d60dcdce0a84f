/*
 * pit.h: channel 0 of the PC's timer (Intel 8254), which counts down from what it is given and
 * interrupts at the end.
 */
#ifndef PIT_H
#define PIT_H

#include "ports.h"

#define PIT_FREQUENCY 1193182 /* In Hz. */

#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43

#define PIT_LATCH    0x00 /* Holds the count for two reads. */
#define PIT_ONCE     0x30 /* Ends with an interrupt; sixteen bits, low byte first. */
#define PIT_PERIODIC 0x34 /* Begins again at the end. */

/* Begins to count; 0 stands for 65536. */
static inline void pit_start(uint8_t mode, uint16_t count) {
    port_write8(PIT_CONTROL, mode);
    port_write8(PIT_COUNTER, (uint8_t)count);
    port_write8(PIT_COUNTER, (uint8_t)(count >> 8));
}

static inline uint16_t pit_read(void) {
    port_write8(PIT_CONTROL, PIT_LATCH);
    uint8_t low = port_read8(PIT_COUNTER);
    return (uint16_t)(low | port_read8(PIT_COUNTER) << 8);
}

#endif
