/**
 * A tender of aarch64's spt for tests: a kernel that has the system calls of the contract and kills the
 * guest for any other, under an emulated CPU.
 *
 * @module
 */
import { u64, viewOf } from "../../../abi/layout.ts";
import { BOOT_INFO, BootInfo, EpollEvent, STACK_GAP, TIMER_EVENT } from "../../../abi/spt.ts";
import { bootArea, type Guest } from "../../../tender/guest.ts";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";
import { type Outcome, signalOutcome } from "../../../tender/outcome.ts";
import { ENTRY } from "../../abi/hvt_aarch64.ts";
import { loadGuest } from "./guest_memory.ts";
import { Emulator, EXCEPTIONS, type Stop } from "./unicorn.ts";

/** Numbers of system calls (`asm-generic/unistd.h`, which aarch64 uses). */
const NUMBERS = {
  epoll_pwait: 22,
  read: 63,
  write: 64,
  pread64: 67,
  pwrite64: 68,
  timerfd_settime: 86,
  exit_group: 94,
  clock_gettime: 113,
} as const;

/** Descriptors of the guest; a device's is its handle after these. */
const STDOUT = 1;
const EPOLL = 3;
const TIMER = 4;
const FIRST_DEVICE = 10;

const SIGNALS = { ill: 4, trap: 5, segv: 11, sys: 31 } as const;
const EFAULT = -14n;
const SECOND = 1_000_000_000n;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const TIMER_ABSTIME = 1;
const EPOLLIN = 1;
/** What a kernel answers instead of a result of the hypercalls: EAGAIN, EINVAL, EIO. */
const ERRORS: Readonly<Record<number, bigint>> = { 1: -11n, 2: -22n, 3: -5n };

/** Runs a guest to its end. */
export function runSpt(guest: Guest, world: WaitingWorld): Outcome {
  using cpu = new Emulator();
  const area = bootArea(guest, {
    address: BOOT_INFO,
    infoSize: BootInfo.size,
    devices: world.devices.map(({ properties }, index) => ({
      properties,
      fd: FIRST_DEVICE + index + 1,
    })),
  });
  BootInfo.write(viewOf(area.bytes), 0, {
    memSize: guest.memorySize,
    kernelEnd: guest.unikernel.kernelEnd,
    cmdline: area.cmdline,
    mft: area.mft,
    epollfd: EPOLL,
    timerfd: TIMER,
  });
  const memory = loadGuest(cpu, guest, { address: BOOT_INFO, area, write: true });
  const kernel = new Kernel(new GuestView(memory.bytes, memory.restrictions), world);
  cpu.set("pc", guest.unikernel.entry);
  cpu.set("sp", guest.memorySize - STACK_GAP.aarch64);
  cpu.set("cpacr", ENTRY.cpacr);
  // As a tender written in C leaves it behind.
  cpu.set("threadPointer", 0x7fff_0000);
  cpu.set(0, BOOT_INFO);
  for (;;) {
    const stop = cpu.run();
    if (stop.kind !== "exception" || stop.number !== EXCEPTIONS.supervisorCall) {
      return signalOutcome(signalOf(stop));
    }
    const words = [0, 1, 2, 3, 4, 5].map((register) => cpu.get(register));
    const result = kernel.call(Number(cpu.get(8)), words);
    if (typeof result !== "bigint") return result;
    cpu.set(0, BigInt.asUintN(64, result));
  }
}

function signalOf(stop: Stop): number {
  if (stop.kind === "refused") return SIGNALS.segv;
  return stop.kind === "exception" && stop.number === EXCEPTIONS.breakpoint
    ? SIGNALS.trap
    : SIGNALS.ill;
}

type Result = bigint | Outcome;
type Range = { address: number; length: number };

const KILLED = signalOutcome(SIGNALS.sys);

/** The system calls of one guest. */
class Kernel {
  readonly #guest: GuestView;
  readonly #world: WaitingWorld;
  /** When the timer goes off; undefined while it is off. */
  #timer: bigint | undefined;

  constructor(guest: GuestView, world: WaitingWorld) {
    this.#guest = guest;
    this.#world = world;
  }

  call(number: number, words: readonly bigint[]): Result {
    const [a, b, c, d] = words.map((word) => Number(BigInt.asIntN(64, word))) as [
      number,
      number,
      number,
      number,
    ];
    switch (number) {
      case NUMBERS.write:
        return this.#write(a, { address: b, length: c });
      case NUMBERS.read:
        return this.#read(a, { address: b, length: c });
      case NUMBERS.pread64:
        return this.#block(a, { address: b, length: c }, { access: "write", offset: d });
      case NUMBERS.pwrite64:
        return this.#block(a, { address: b, length: c }, { access: "read", offset: d });
      case NUMBERS.clock_gettime:
        return this.#clock(a, b);
      case NUMBERS.timerfd_settime:
        return this.#setTimer(a, { flags: b, spec: c });
      case NUMBERS.epoll_pwait:
        // The timeout is an int: the upper half of its register may hold anything.
        return this.#wait(a, { events: b, room: c, timeout: d | 0 });
      case NUMBERS.exit_group:
        return { kind: "exit", status: a & 0xff };
      default:
        return KILLED;
    }
  }

  #write(fd: number, range: Range): Result {
    const data = this.#bytes("read", range);
    if (data === undefined) return EFAULT;
    if (fd === STDOUT) {
      this.#world.write(data);
      return BigInt(data.length);
    }
    if (!this.#is(fd, "NET_BASIC")) return KILLED;
    const result = this.#device(fd)!.write(data, 0);
    return ERRORS[result] ?? BigInt(data.length);
  }

  #read(fd: number, range: Range): Result {
    if (!this.#is(fd, "NET_BASIC")) return KILLED;
    const data = this.#bytes("write", range);
    if (data === undefined) return EFAULT;
    const count = this.#device(fd)!.read(data, 0);
    return ERRORS[-count] ?? BigInt(count);
  }

  #device(fd: number): OpenDevice | undefined {
    return this.#world.devices[fd - FIRST_DEVICE - 1];
  }

  /** `access`: what the call does to the guest's memory. */
  #block(
    fd: number,
    range: Range,
    { access, offset }: { access: "read" | "write"; offset: number },
  ): Result {
    const device = this.#device(fd);
    if (device === undefined || !this.#is(fd, "BLOCK_BASIC")) return KILLED;
    if (!device.accepts(offset, range.length)) return KILLED;
    const data = this.#bytes(access, range);
    if (data === undefined) return EFAULT;
    const result = access === "read"
      ? device.write(data, offset)
      : -Math.min(device.read(data, offset), 0);
    return ERRORS[result] ?? BigInt(data.length);
  }

  /** `struct timespec`: seconds, nanoseconds. */
  #clock(clock: number, address: number): Result {
    if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return KILLED;
    if (!this.#guest.allows("write", { address, length: 16 })) return EFAULT;
    const now = clock === CLOCK_REALTIME ? this.#world.wallClock() : this.#world.monotonic();
    const time = this.#guest.at(address, 16);
    u64.set(time, 0, now / SECOND);
    u64.set(time, 8, now % SECOND);
    return 0n;
  }

  /** `struct itimerspec`: an interval, which has to be 0, then the moment. */
  #setTimer(fd: number, { flags, spec }: { flags: number; spec: number }): Result {
    if (fd !== TIMER) return KILLED;
    if (flags !== TIMER_ABSTIME || !this.#guest.allows("read", { address: spec, length: 32 })) {
      return ERRORS[2]!;
    }
    const word = (at: number) => u64.get(this.#guest.at(spec, 32), at);
    const nanoseconds = word(24);
    if (word(0) !== 0n || word(8) !== 0n || nanoseconds >= SECOND) return ERRORS[2]!;
    const moment = word(16) * SECOND + nanoseconds;
    this.#timer = moment === 0n ? undefined : moment;
    return 0n;
  }

  #wait(
    fd: number,
    { events, room, timeout }: { events: number; room: number; timeout: number },
  ): Result {
    if (fd !== EPOLL) return KILLED;
    if (!this.#guest.allows("write", { address: events, length: room * EpollEvent.size })) {
      return EFAULT;
    }
    const handles = this.#world.devices.map((_, index) => index + 1);
    const all = handles.reduce((set, handle) => set | 1n << BigInt(handle), 0n);
    if (timeout !== 0) this.#world.wait(this.#timer ?? 2n ** 62n);
    const ready = this.#world.ready(all);
    const data = handles.filter((handle) => ready >> BigInt(handle) & 1n);
    if (this.#timer !== undefined && this.#timer <= this.#world.monotonic()) data.push(TIMER_EVENT);
    const reported = data.slice(0, room);
    reported.forEach((item, index) => {
      const event = this.#guest.at(events + index * EpollEvent.size, EpollEvent.size);
      EpollEvent.write(event, 0, { events: EPOLLIN, data: BigInt(item) });
    });
    return BigInt(reported.length);
  }

  #is(fd: number, type: string): boolean {
    return this.#world.devices[fd - FIRST_DEVICE - 1]?.properties.type === type;
  }

  #bytes(access: "read" | "write", range: Range): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#guest.allows(access, range)) return undefined;
    return this.#guest.bytes.subarray(range.address, range.address + range.length);
  }
}
