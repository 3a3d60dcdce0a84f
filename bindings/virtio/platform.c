/*
 * platform.c: the console, which is the first serial port, and the end.
 *
 * Where a tender watches, which a debug console at port 0xe9 tells, text goes out as it is, and the
 * debug console gets the exit status as one byte. Else the console is taken for a terminal, which
 * wants a carriage return at the end of a line.
 */
#include "virtio.h"
#include "ports.h"
#include "../common/cpu.h"

#define SERIAL_DATA      0x3f8
#define SERIAL_INTERRUPT 0x3f9
#define SERIAL_FIFO      0x3fa
#define SERIAL_LINE      0x3fb
#define SERIAL_STATUS    0x3fd

#define LINE_DIVISOR 0x80 /* Data and interrupt ports hold the divisor. */
#define LINE_8N1     0x03
#define FIFO_ON      0x07 /* And emptied. */
#define FIFO_WORKS   0xc0
#define CAN_SEND     0x20
#define SENT_ALL     0x40

#define DEBUG_CONSOLE 0xe9 /* Reads as its own number where there is one. */
#define DEBUG_EXIT    0x501
#define DEBUG_STATUS  41 /* Makes QEMU's status 83, as scripts for Solo5's virtio target expect. */

static bool watched;
static unsigned fifo_size = 1;
static unsigned fifo_room;

void console_init(void) {
    port_write8(SERIAL_INTERRUPT, 0);
    port_write8(SERIAL_LINE, LINE_DIVISOR);
    port_write8(SERIAL_DATA, 1); /* 115200 baud. */
    port_write8(SERIAL_INTERRUPT, 0);
    port_write8(SERIAL_LINE, LINE_8N1);
    port_write8(SERIAL_FIFO, FIFO_ON);
    if ((port_read8(SERIAL_FIFO) & FIFO_WORKS) == FIFO_WORKS)
        fifo_size = 16;
    watched = port_read8(DEBUG_CONSOLE) == DEBUG_CONSOLE;
}

static void wait_for(uint8_t status) {
    while (!(port_read8(SERIAL_STATUS) & status))
        ;
}

static void send(char byte) {
    if (fifo_room == 0) {
        wait_for(CAN_SEND);
        fifo_room = fifo_size;
    }
    port_write8(SERIAL_DATA, (uint8_t)byte);
    fifo_room--;
}

void platform_puts(const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' && !watched)
            send('\r');
        send(data[i]);
    }
}

void platform_exit(int status) {
    static const char halted[] = "Solo5: Halted\n";
    net_finish();
    wait_for(SENT_ALL);
    if (watched)
        port_write8(DEBUG_CONSOLE, (uint8_t)status);
    port_write16(DEBUG_EXIT, DEBUG_STATUS);
    acpi_power_off();
    platform_puts(halted, sizeof halted - 1);
    for (;;)
        cpu_stop();
}

solo5_result_t platform_set_thread_pointer(uintptr_t base) {
    cpu_set_thread_pointer(base);
    return SOLO5_R_OK;
}
