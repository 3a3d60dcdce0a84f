/**
 * A vCPU under a debugger. It stands between the vCPU and the run loop, and hands exits that concern the
 * debugger to the debugger alone.
 *
 * @module
 */
import { HYPERCALL_PORT } from "../../../abi/hvt.ts";
import { type Exit, INTR } from "../../kvm/exit.ts";
import type { Vcpu } from "../../kvm/vcpu.ts";
import { EXIT_REASON, GUESTDBG, type Registers, SUBERROR_EMULATION } from "../../kvm/abi.ts";
import type { Cpu } from "../../hvt/observer.ts";
import type { DebugMemory } from "./memory.ts";
import type { CpuState } from "./registers.ts";
import {
  type MemoryAccess,
  type WatchedPages,
  type Watchpoint,
  Watchpoints,
} from "./watchpoints.ts";

/** Why the vCPU stopped for the debugger. */
export type DebugEvent =
  | { readonly kind: "step" }
  /** A breakpoint in memory (an `int3`). */
  | { readonly kind: "breakpoint" }
  /** A watchpoint, or a breakpoint in a debug register. */
  | { readonly kind: "watchpoint"; readonly watchpoint: Watchpoint };

const BREAKPOINT_EXCEPTION = 3;

/** What a vCPU under a debugger consists of. */
interface Parts {
  readonly vcpu: Vcpu;
  readonly memory: DebugMemory;
  readonly pages: WatchedPages;
}

/** A vCPU under a debugger. */
export class DebugCpu implements Cpu {
  readonly watchpoints = new Watchpoints();
  /** How often each hypercall was made, by its number. */
  readonly hypercalls = new Map<number, number>();
  readonly #vcpu: Vcpu;
  readonly #memory: DebugMemory;
  readonly #pages: WatchedPages;
  #event: DebugEvent | undefined;
  #step = false;
  /** Whether the instruction of the last exit is not complete. */
  #incomplete = false;

  constructor({ vcpu, memory, pages }: Parts) {
    this.#vcpu = vcpu;
    this.#memory = memory;
    this.#pages = pages;
    vcpu.openToSignals();
  }

  /** Runs the guest. A stop for the debugger is an "intr" exit, and {@linkcode takeEvent} says why. */
  run(): Exit {
    return this.#examine(this.#vcpu.run());
  }

  registers(): Registers {
    return this.#vcpu.registers();
  }

  /** Why the vCPU stopped for the debugger since the last call; undefined if it did not. */
  takeEvent(): DebugEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  /** Sets up the CPU for the current breakpoints and watchpoints, and for a single step if asked for. */
  arm({ step }: { step: boolean }): void {
    this.#step = step;
    const watching = this.watchpoints.list.length > 0;
    const control = (step ? GUESTDBG.singleStep : 0) |
      (watching ? GUESTDBG.hardwareBreakpoints : 0) |
      (this.#memory.hasBreakpoints ? GUESTDBG.softwareBreakpoints : 0);
    this.#vcpu.setGuestDebug({
      control: control === 0 ? 0 : control | GUESTDBG.enable,
      ...this.watchpoints.registers(),
    });
    this.#pages.watch(this.watchpoints.list);
  }

  /** Removes every breakpoint and watchpoint. */
  disarm(): void {
    this.#memory.clear();
    this.watchpoints.clear();
    this.arm({ step: false });
  }

  /** The registers, between instructions. */
  readState(): CpuState {
    this.complete();
    return {
      general: this.#vcpu.registers(),
      special: this.#vcpu.specialRegisters(),
      floating: this.#vcpu.fpu(),
    };
  }

  /** Sets every register. */
  writeState({ general, special, floating }: CpuState): void {
    this.#vcpu.setRegisters(general);
    this.#vcpu.setSpecialRegisters(special);
    this.#vcpu.setFpu(floating);
  }

  /** Completes the instruction of the last exit, so that the guest is between two. */
  complete(): void {
    if (!this.#incomplete) return;
    this.#incomplete = false;
    this.#examine(this.#vcpu.complete());
    // The end of the instruction is no event for gdb.
    this.#event = undefined;
  }

  #examine(exit: Exit): Exit {
    this.#incomplete = exit.kind === "io";
    switch (exit.kind) {
      case "io": {
        const number = exit.port - HYPERCALL_PORT;
        this.hypercalls.set(number, (this.hypercalls.get(number) ?? 0) + 1);
        return exit;
      }
      case "unknown":
        return exit.reason === EXIT_REASON.debug ? this.#stopped() : exit;
      case "internal_error":
        return exit.suberror === SUBERROR_EMULATION ? this.#notEmulated(exit) : exit;
      case "mmio":
        return this.#accessed(exit);
      case "shutdown":
        return this.#pages.closed ? this.#goPast() : exit;
      case "fault":
        return this.#pages.giveUp() ? INTR : exit;
      default:
        return exit;
    }
  }

  /**
   * Executes an instruction with all pages open. A KVM that emulates the CPU does not report where the CPU
   * itself accesses a closed page, for `ltr` or for the frame of an exception: it fails, or shuts down.
   */
  #goPast(): Exit {
    const contents = this.watchpoints.list.map((watchpoint) => this.#contentOf(watchpoint));
    this.#pages.watch([]);
    // Cancels the exception that KVM was about to raise.
    this.#vcpu.setRegisters(this.#vcpu.registers());
    this.#vcpu.setGuestDebug({ control: GUESTDBG.enable | GUESTDBG.singleStep });
    const exit = this.#vcpu.run();
    this.arm({ step: this.#step });
    if (exit.kind !== "unknown" || exit.reason !== EXIT_REASON.debug) return exit;
    const watchpoint = this.watchpoints.list.find((watchpoint, at) =>
      watchpoint.kind !== "execute" && this.#contentOf(watchpoint) !== contents[at]
    );
    if (watchpoint !== undefined) this.#event = { kind: "watchpoint", watchpoint };
    else if (this.#step) this.#event = { kind: "step" };
    return INTR;
  }

  #contentOf({ address, length }: Watchpoint): string {
    return String(this.#memory.read(address, length));
  }

  #stopped(): Exit {
    const { exception, dr6 } = this.#vcpu.debugExit()!;
    const watchpoint = this.watchpoints.hit(dr6);
    if (exception === BREAKPOINT_EXCEPTION) this.#event = { kind: "breakpoint" };
    else if (watchpoint !== undefined) this.#event = { kind: "watchpoint", watchpoint };
    else this.#event ??= { kind: "step" };
    return INTR;
  }

  /** A KVM that emulates the CPU may not know `int3`, the instruction of breakpoints. */
  #notEmulated(exit: Exit): Exit {
    const registers = this.#vcpu.registers();
    const atBreakpoint = this.#memory.hasBreakpoint(Number(registers.rip));
    if (!atBreakpoint && !this.#pages.closed) return exit;
    if (!atBreakpoint) return this.#goPast();
    // Setting the registers cancels the exception that KVM was about to raise in the guest.
    this.#vcpu.setRegisters(registers);
    this.#event = { kind: "breakpoint" };
    return INTR;
  }

  /** The guest accessed a page that is closed because it is watched, or memory that it does not have. */
  #accessed(exit: MemoryAccess): Exit {
    if (!this.#pages.serve(exit, this.#vcpu.mmioData())) return exit;
    const watchpoint = this.watchpoints.list.find((watched) => touches(exit, watched));
    if (watchpoint !== undefined) this.#event = { kind: "watchpoint", watchpoint };
    const next = this.#examine(this.#vcpu.complete());
    // KVM does not stop behind an instruction that writes to a device.
    if (this.#step && next.kind === "intr") this.#event ??= { kind: "step" };
    return next;
  }
}

function touches({ address, length, write }: MemoryAccess, watchpoint: Watchpoint): boolean {
  const at = Number(address);
  if (at >= watchpoint.address + watchpoint.length || at + length <= watchpoint.address) {
    return false;
  }
  switch (watchpoint.kind) {
    case "execute":
      return false;
    case "write":
      return write;
    case "read":
      return !write;
    case "access":
      return true;
  }
}
