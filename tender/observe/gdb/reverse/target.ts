/**
 * A replay as the target of a debugger: it can be looked at, and nothing in it can be changed.
 *
 * @module
 */
import type { Registers } from "../../../kvm/abi.ts";
import type { CpuState } from "../registers.ts";
import type { Breakpoint, DebugTarget, MonitorAnswer } from "../stub.ts";
import { Watchpoints } from "../watchpoints.ts";
import { isWatch, type ReplayMachine } from "./machine.ts";
import type { Travel } from "./travel.ts";

const MONITOR_HELP = `when    how many inputs the guest has got
seek N  go to where it has got so many; then say: maintenance flush register-cache
quit    end the replay
`;

/** See the module. */
export class ReplayTarget implements DebugTarget {
  readonly replayed = true;
  readonly tlsSize: number;
  readonly #machine: ReplayMachine;
  readonly #travel: Travel;
  readonly #watchpoints = new Watchpoints();
  readonly #breakpoints = new Map<string, Breakpoint>();
  /** Registers to show instead of the CPU's: those of a trap that ended the guest. */
  overlay: Partial<Registers> = {};

  constructor(machine: ReplayMachine, { travel, tlsSize }: { travel: Travel; tlsSize: number }) {
    this.#machine = machine;
    this.#travel = travel;
    this.tlsSize = tlsSize;
  }

  /** The breakpoints and watchpoints that are set. */
  get points(): readonly Breakpoint[] {
    return [...this.#breakpoints.values(), ...this.#watchpoints.list];
  }

  readState(): CpuState {
    const state = this.#machine.cpu.readState();
    return { ...state, general: { ...state.general, ...this.overlay } };
  }

  writeState(): void {}

  readMemory(address: number, length: number): Uint8Array | undefined {
    return this.#machine.memory.read(address, length);
  }

  writeMemory(): boolean {
    return false;
  }

  insert(point: Breakpoint): boolean {
    if (isWatch(point)) return this.#watchpoints.insert(point);
    if (point.address >= this.#machine.memory.bytes.length) return false;
    this.#breakpoints.set(keyOf(point), point);
    return true;
  }

  remove(point: Breakpoint): void {
    if (isWatch(point)) this.#watchpoints.remove(point);
    else this.#breakpoints.delete(keyOf(point));
  }

  monitor(command: string): MonitorAnswer {
    const [word, number = ""] = command.trim().split(/\s+/);
    if (word === "when") return { text: `${this.#when()}\n` };
    if (word === "quit") return { text: "the replay ends\n", quit: true };
    if (word === "seek" && /^\d{1,15}$/.test(number)) return { text: "", seek: Number(number) };
    return { text: MONITOR_HELP };
  }

  #when(): string {
    const { mark, back } = this.#travel.place;
    const here = `input ${this.#machine.input}`;
    if (this.#machine.end !== undefined) return `${here}, at the end`;
    if (mark.kind === "steps") return `${here}, ${instructions(mark.count - back)} on`;
    return back === 0 ? here : `${here}, ${instructions(back)} back`;
  }
}

function instructions(count: number): string {
  return count === 1 ? "1 instruction" : `${count} instructions`;
}

function keyOf({ kind, address }: Breakpoint): string {
  return `${kind} ${address}`;
}
