/**
 * A virtual machine as the target of a debugger: its memory, its CPU, and the `monitor` commands.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../../abi/elf.ts";
import { HYPERCALL } from "../../../abi/hvt.ts";
import { alignUp } from "../../../abi/layout.ts";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import type { Unikernel } from "../../../elftool/unikernel.ts";
import type { BoundDevice } from "../../devices/device.ts";
import type { Registers } from "../../kvm/abi.ts";
import type { DebugCpu } from "./cpu.ts";
import type { DebugMemory } from "./memory.ts";
import type { CpuState } from "./registers.ts";
import type { Breakpoint, DebugTarget, MonitorAnswer } from "./stub.ts";

/** What a target consists of. */
export interface TargetParts {
  readonly cpu: DebugCpu;
  readonly memory: DebugMemory;
  readonly devices: readonly BoundDevice[];
  /** See {@linkcode DebugTarget.tlsSize}. */
  readonly tlsSize: number;
}

const MONITOR_HELP = `devices     the guest's devices
hypercalls  how often each hypercall was made
quit        end the run
`;

/** A virtual machine under a debugger. */
export class MachineTarget implements DebugTarget {
  readonly tlsSize: number;
  readonly #cpu: DebugCpu;
  readonly #memory: DebugMemory;
  readonly #devices: readonly BoundDevice[];
  /** Registers to show instead of the CPU's: those of a trap that ended the guest. */
  overlay: Partial<Registers> = {};

  constructor({ cpu, memory, devices, tlsSize }: TargetParts) {
    this.#cpu = cpu;
    this.#memory = memory;
    this.#devices = devices;
    this.tlsSize = tlsSize;
  }

  readState(): CpuState {
    const state = this.#cpu.readState();
    return { ...state, general: { ...state.general, ...this.overlay } };
  }

  writeState(state: CpuState): void {
    this.#cpu.writeState(state);
  }

  readMemory(address: number, length: number): Uint8Array | undefined {
    return this.#memory.read(address, length);
  }

  writeMemory(address: number, bytes: Uint8Array): boolean {
    return this.#memory.write(address, bytes);
  }

  insert(point: Breakpoint): boolean {
    return point.kind === "software"
      ? this.#memory.insert(point.address)
      : this.#cpu.watchpoints.insert(point);
  }

  remove(point: Breakpoint): void {
    if (point.kind === "software") this.#memory.remove(point.address);
    else this.#cpu.watchpoints.remove(point);
  }

  monitor(command: string): MonitorAnswer {
    switch (command.trim()) {
      case "devices":
        return { text: lines(this.#devices.map(describeDevice)) };
      case "hypercalls":
        return { text: lines(Object.entries(HYPERCALL).map((entry) => this.#count(entry))) };
      case "quit":
        return { text: "the run ends\n", quit: true };
      default:
        return { text: MONITOR_HELP };
    }
  }

  #count([name, number]: [string, number]): string {
    return `${name} ${this.#cpu.hypercalls.get(number) ?? 0}`;
  }
}

function describeDevice({ handle, name, device }: BoundDevice): string {
  return `${handle} ${name} ${device.type}`;
}

function lines(list: readonly string[]): string {
  return list.length === 0 ? "none\n" : `${list.join("\n")}\n`;
}

/** Size of the thread-local variables below the thread pointer, in bytes. */
export function threadLocalSize({ file, name }: Unikernel): number {
  if (file === undefined) return 0;
  const { TLS } = SEGMENT_TYPES;
  const segment = readPrograms(readElf(file, { name })).find(({ type }) => type === TLS);
  return segment === undefined ? 0 : alignUp(segment.memsz, Math.max(segment.align, 1));
}
