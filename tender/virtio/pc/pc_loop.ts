/**
 * A PC as far as virtio guests use it: what answers their ports, and what a halt of the CPU waits for. A
 * guest's handlers of interrupts do no more than to wake it, so that none is delivered: where one would be,
 * the halt ends. What a guest does to the interrupt controllers is so without effect.
 *
 * @module
 */
import { EXIT } from "../../../abi/solo5.ts";
import { Alarms } from "../../../linux/alarm.ts";
import { SIGPIPE } from "../../../linux/constants.ts";
import { type Answer, ended, type PollWait, waitUntil } from "../../hvt/answer.ts";
import { faultOf } from "../../hvt/faults.ts";
import type { Loop, LoopMaker, LoopParts } from "../../hvt/machine_run.ts";
import type { VirtioKind } from "../../devices/kind.ts";
import { CALLS, endedBy, type LoopState } from "../../hvt/run_loop.ts";
import type { Exit } from "../../kvm/exit.ts";
import type { Outcome } from "../../outcome.ts";
import type { Stop } from "../../run/run.ts";
import { PCI_ADDRESS, PCI_DATA, PciBus } from "./pci.ts";
import { REGISTERS_SIZE, VirtioDevice } from "./registers.ts";
import { SERIAL, Serial, SERIAL_PORTS } from "./serial.ts";
import { Timer, TIMER_CONTROL, TIMER_COUNT } from "./timer.ts";

/** A port that reads as its own number, and takes the guest's exit status. */
const DEBUG_CONSOLE = 0xe9;
/** A port by which a guest ends, and the status of those that say no other: that of QEMU then. */
const DEBUG_EXIT = 0x501;
const DEBUG_EXIT_STATUS = 83;
/** The first port of the devices; each has room for {@linkcode REGISTERS_SIZE}. */
const DEVICES = 0xc000;
/** What a port reads as that there is not. */
const NOTHING = 0xffff_ffff;

const INTERRUPTS_ENABLED = 0x200n;
const SPENT: Stop = { kind: "budget" };

type IoExit = Extract<Exit, { kind: "io" }>;

/** How often a guest that does not leave its CPU gets what came in, in nanoseconds. */
const TICK = 1_000_000n;

/**
 * What makes the loop of one PC.
 *
 * @param kinds of the guest's devices, in the manifest's order
 */
export function pcMaker(kinds: readonly VirtioKind[]): LoopMaker {
  let loop: PcLoop;
  let alarms: Alarms | undefined;
  return {
    calls: { ...CALLS, resumePoll: (_context, _block, wait) => loop.wake(wait) },
    make: (parts) => loop = new PcLoop(parts, kinds),
    observer: {
      begin(vcpu) {
        vcpu.openToSignals();
        alarms = new Alarms();
        alarms.set("monotonic", TICK, { again: TICK });
      },
      cpu: (cpu) => ({
        registers: () => cpu.registers(),
        run() {
          const exit = cpu.run();
          if (exit.kind === "intr") alarms!.consume();
          return exit;
        },
      }),
      [Symbol.dispose]: () => alarms?.[Symbol.dispose](),
    },
  };
}

/** The run of one guest. */
export class PcLoop implements Loop {
  readonly #parts: LoopParts;
  readonly #devices: readonly VirtioDevice[];
  readonly #pci: PciBus;
  readonly #serial = new Serial();
  readonly #timer = new Timer();
  /** What the guest said to the debug console last. */
  #status: number | undefined;
  /** What the guest waits for, or how it ended. */
  #stop: Answer;

  /** @param kinds of the guest's devices, in the manifest's order */
  constructor(parts: LoopParts, kinds: readonly VirtioKind[]) {
    const { world, guest } = parts.context;
    this.#parts = parts;
    this.#devices = kinds.map((kind, index) =>
      new VirtioDevice(kind, world.devices[index]!, guest.bytes)
    );
    this.#pci = new PciBus(
      kinds.map(({ type }, index) => ({ type, port: DEVICES + index * REGISTERS_SIZE })),
    );
  }

  /** As `Steps.step`. */
  step(budget = Infinity): Stop {
    try {
      if (this.#stop?.kind === "wait") this.#stop = this.#resume(this.#stop);
      for (let left = budget; left > 0 && this.#stop === undefined; left--) {
        const exit = this.#parts.cpu.run();
        this.#stop = exit.kind === "io" ? this.#port(exit) : this.#answer(exit);
        if (exit.kind === "intr" && this.#parts.output?.pending) break;
      }
    } catch (error) {
      this.#stop = endedBy(error);
    }
    return this.#stop ?? SPENT;
  }

  /** Its runs cannot be captured. */
  save(): LoopState {
    throw new TypeError("a run of virtio has no state");
  }

  /** See {@linkcode PcLoop.save}. */
  restore(): void {
    this.save();
  }

  #port(exit: IoExit): Answer {
    const { out, port, size, count, value } = exit;
    if (count !== 1) return this.#fault(exit);
    if (out) return this.#output(port, size, value);
    this.#parts.vcpu.answerInput(this.#input(port, size));
    return undefined;
  }

  #input(port: number, size: number): number {
    const serial = port - SERIAL;
    if (serial >= 0 && serial < SERIAL_PORTS) return this.#serial.read(serial);
    if (port >= PCI_ADDRESS && port < PCI_DATA + 4) return this.#pci.read(port, size);
    const found = this.#deviceAt(port, size);
    if (found !== undefined) return found.device.read(found.offset, size);
    return port === DEBUG_CONSOLE ? DEBUG_CONSOLE : NOTHING;
  }

  #output(port: number, size: number, value: number): Answer {
    const serial = port - SERIAL;
    if (serial >= 0 && serial < SERIAL_PORTS) {
      return this.#serial.write(serial, value) ? this.#print() : undefined;
    }
    const found = this.#deviceAt(port, size);
    if (found !== undefined) found.device.write(found.offset, size, value);
    else if (port >= PCI_ADDRESS && port < PCI_DATA + 4) this.#pci.write(port, size, value);
    else if (port === TIMER_COUNT || port === TIMER_CONTROL) {
      this.#timer.write(port, value & 0xff, this.#parts.context.world.monotonic());
    } else if (port === DEBUG_CONSOLE) this.#status = value & 0xff;
    else if (port === DEBUG_EXIT) return this.#print() ?? ended(endOf(this.#status));
    return undefined;
  }

  #deviceAt(port: number, size: number): { device: VirtioDevice; offset: number } | undefined {
    const device = this.#devices[Math.floor((port - DEVICES) / REGISTERS_SIZE)];
    const offset = (port - DEVICES) % REGISTERS_SIZE;
    return device === undefined || offset + size > REGISTERS_SIZE ? undefined : { device, offset };
  }

  /** Answers exits that are no ports. An interrupted run is a chance to look at what came in. */
  #answer(exit: Exclude<Exit, IoExit>): Answer {
    const printed = this.#print();
    if (printed !== undefined) return printed;
    if (exit.kind === "intr") return this.#serve();
    const halted = exit.kind === "hlt" && this.#parts.vcpu.registers().rflags & INTERRUPTS_ENABLED;
    if (!halted) return this.#fault(exit);
    const until = this.#timer.takeEnd(this.#parts.context.world.monotonic());
    return this.#resume(waitUntil(until, 0n));
  }

  #resume(wait: PollWait): Answer {
    return this.#parts.calls.resumePoll(this.#parts.context, 0, wait);
  }

  /** Ends a halt that an interrupt ends by now; else, tells what it waits for. */
  wake(wait: PollWait): Answer {
    this.#serve();
    const interrupted = this.#devices.some(({ interrupt }) => interrupt);
    // As the guest's handler would.
    for (const device of this.#devices) device.interrupt = false;
    if (interrupted || this.#parts.context.world.monotonic() >= wait.until) return undefined;
    return { ...wait, handles: this.#waiting() };
  }

  /** The handles of devices that wait for input. */
  #waiting(): bigint {
    return this.#devices.reduce(
      (set, { waits }, index) => waits ? set | 1n << BigInt(index + 1) : set,
      0n,
    );
  }

  #serve(): undefined {
    for (const device of this.#devices) device.serve();
  }

  /** Prints what was collected. */
  #print(): Answer {
    const bytes = this.#serial.take();
    if (bytes.length === 0 || this.#parts.context.world.write(bytes)) return undefined;
    return ended({ kind: "signal", signal: SIGPIPE });
  }

  #fault(exit: Exclude<Exit, { kind: "intr" }>): Answer {
    const { rip } = this.#parts.cpu.registers();
    return ended(faultOf(exit, { rip, memorySize: this.#parts.context.guest.size }));
  }
}

/** How a guest ended that says so. */
function endOf(status = DEBUG_EXIT_STATUS): Outcome {
  return status === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status };
}
