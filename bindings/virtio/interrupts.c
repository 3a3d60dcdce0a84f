/*
 * interrupts.c: the interrupt controllers, and sleeping. The CPU takes interrupts only while it sleeps
 * here: all that one does is to wake it, and to close the lines until it sleeps again.
 */
#include "virtio.h"
#include "pit.h"

#define PIC1_COMMAND 0x20
#define PIC1_MASK    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_MASK    0xa1

#define BEGIN_SETUP  0x11 /* Three words follow at the other port. */
#define MODE_8086    0x01
#define FIRST_VECTOR 32 /* Behind the CPU's own. */
#define CASCADE_LINE 2
#define TIMER_LINE   0
#define LINES        16

#define SECOND   UINT64_C(1000000000) /* In nanoseconds. */
#define WAIT_MAX UINT64_C(50000000)   /* The timer counts for no more than 54 ms. */

static uint16_t allowed = 1u << CASCADE_LINE | 1u << TIMER_LINE;

static void close_lines(void) {
    port_write8(PIC1_MASK, 0xff);
    port_write8(PIC2_MASK, 0xff);
}

void interrupts_init(void) {
    port_write8(PIC1_COMMAND, BEGIN_SETUP);
    port_write8(PIC2_COMMAND, BEGIN_SETUP);
    port_write8(PIC1_MASK, FIRST_VECTOR);
    port_write8(PIC2_MASK, FIRST_VECTOR + 8);
    port_write8(PIC1_MASK, 1u << CASCADE_LINE);
    port_write8(PIC2_MASK, CASCADE_LINE);
    port_write8(PIC1_MASK, MODE_8086);
    port_write8(PIC2_MASK, MODE_8086);
    close_lines();
}

void interrupts_allow(unsigned line) {
    /* 255 says that a device has none. */
    if (line < LINES)
        allowed |= (uint16_t)(1u << line);
}

void interrupts_sleep(uint64_t nanoseconds) {
    if (nanoseconds > WAIT_MAX)
        nanoseconds = WAIT_MAX;
    pit_start(PIT_ONCE, (uint16_t)(nanoseconds * PIT_FREQUENCY / SECOND + 1));
    port_write8(PIC1_MASK, (uint8_t)~allowed);
    port_write8(PIC2_MASK, (uint8_t)(~allowed >> 8));
    /* Interrupts are let in with the halt, and not before it: none is missed. */
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}
