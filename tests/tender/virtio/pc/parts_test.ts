/**
 * Parts of a PC of our own: its bus, its timer, its serial port, and what its guests begin with.
 */
import { deepEqual, equal } from "node:assert/strict";
import { PCI_ADDRESS, PCI_DATA, PciBus } from "../../../../tender/virtio/pc/pci.ts";
import { Serial } from "../../../../tender/virtio/pc/serial.ts";
import { Timer, TIMER_CONTROL, TIMER_COUNT } from "../../../../tender/virtio/pc/timer.ts";

function busOf(count: number): PciBus {
  return new PciBus(Array.from({ length: count }, (_, n) => ({ type: 1 + n % 2, port: n * 64 })));
}

/** What a driver reads at a bus, a slot and an offset. */
function read(bus: PciBus, [number, slot, offset]: readonly number[]): number {
  const address = 0x8000_0000 + number! * 0x1_0000 + slot! * 0x800 + offset!;
  bus.write(PCI_ADDRESS, 4, address);
  equal(bus.read(PCI_ADDRESS, 4), address);
  return bus.read(PCI_DATA, 4);
}

Deno.test("PCI: a device says what it is, and where", () => {
  const bus = busOf(2);
  equal(read(bus, [0, 1, 0x00]), 0x1000_1af4);
  equal(read(bus, [0, 2, 0x00]), 0x1001_1af4);
  equal(read(bus, [0, 2, 0x10]), 64 | 1);
  equal(read(bus, [0, 2, 0x2c]), 0x0002_1af4);
  equal(bus.read(PCI_DATA, 2), 0x1af4);
  equal(bus.read(PCI_DATA + 2, 1), 2);
  equal(read(bus, [0, 2, 0x3c]) & 0xff, 11);
  equal(read(bus, [0, 3, 0x00]), 0xffff_ffff);
  // No other function, and nothing while the mechanism is off.
  equal(read(bus, [0, 1, 0x100]), 0xffff_ffff);
  bus.write(PCI_ADDRESS, 4, 0x800);
  equal(bus.read(PCI_DATA, 4), 0xffff_ffff);
});

Deno.test("PCI: more devices than a bus has slots lie behind bridges, in order", () => {
  const bus = busOf(63);
  const found: number[] = [];
  let last = 0;
  for (let number = 0; number <= last; number++) {
    for (let slot = 0; slot < 32; slot++) {
      if (read(bus, [number, slot, 0]) === 0xffff_ffff) continue;
      if (read(bus, [number, slot, 0x0c]) >> 16 === 1) {
        last = Math.max(last, read(bus, [number, slot, 0x18]) >> 16 & 0xff);
      } else found.push(read(bus, [number, slot, 0x10]) & ~3);
    }
  }
  deepEqual(found, Array.from({ length: 63 }, (_, n) => n * 64));
  equal(read(busOf(31), [0, 0, 0]), 0xffff_ffff);
});

Deno.test("timer: a count ends once, in its time", () => {
  const timer = new Timer();
  timer.write(TIMER_CONTROL, 0x30, 0n);
  timer.write(TIMER_COUNT, 0x4d, 1000n);
  timer.write(TIMER_COUNT, 0x04, 1000n);
  // 0x44d ticks at 1,193,182 Hz.
  equal(timer.takeEnd(5000n), 1000n + 922_742n);
  // From then on as firmware leaves it: every 55 ms.
  equal(timer.takeEnd(5000n), 5000n + 54_925_401n);
  timer.write(TIMER_COUNT, 0, 0n);
  timer.write(TIMER_COUNT, 0, 0n);
  equal(timer.takeEnd(0n), 54_925_401n);
});

Deno.test("timer: a control word begins a count anew", () => {
  const timer = new Timer();
  timer.write(TIMER_COUNT, 0xff, 0n);
  timer.write(TIMER_CONTROL, 0x30, 0n);
  timer.write(TIMER_COUNT, 1, 0n);
  timer.write(TIMER_COUNT, 0, 0n);
  equal(timer.takeEnd(0n), 838n);
});

Deno.test("serial port: bytes are collected up to the end of a line; a divisor is none", () => {
  const serial = new Serial();
  equal(serial.write(3, 0x80), false);
  equal(serial.write(0, 0x0a), false);
  equal(serial.write(3, 0x03), false);
  equal(serial.read(5) & 0x60, 0x60);
  equal(serial.write(0, 0x61), false);
  equal(serial.write(0, 0x0a), true);
  deepEqual([...serial.take()], [0x61, 0x0a]);
  equal(serial.take().length, 0);
  const full = Array.from({ length: 4096 }, () => serial.write(0, 0x61));
  equal(full.indexOf(true), 4095);
  equal(serial.take().length, 4096);
});
