/**
 * Watching a run from within: what observes replaces a part of the run by one that does the same and
 * looks on. A run without observers has the parts themselves, and pays nothing.
 *
 * @module
 */
import type { Mapping } from "../../linux/memory.ts";
import type { Outcome } from "../outcome.ts";
import type { GuestView } from "./guest_view.ts";
import type { hypercall, resumePoll } from "./hypercalls.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Machine } from "./machine.ts";
import type { World } from "./world.ts";

/** A vCPU, as the run loop uses it. */
export type Cpu = Pick<Vcpu, "run" | "registers">;

/** What answers hypercalls. */
export interface Calls {
  readonly hypercall: typeof hypercall;
  readonly resumePoll: typeof resumePoll;
}

/** What a debugger takes hold of: a machine that is ready to run. */
export interface WholeMachine {
  readonly machine: Machine;
  readonly vcpu: Vcpu;
  /** The memory, protected as the segments say. */
  readonly memory: Mapping;
}

/** Takes hold of a machine: gives the vCPU that the run loop uses, and the bytes that hypercalls use. */
export type Attach = (machine: WholeMachine) => { cpu: Cpu; bytes: Uint8Array<ArrayBuffer> };

/** A machine whose guest has ended. */
export interface EndedMachine {
  /** Its memory: to read what the guest could not read itself may fault. */
  readonly memory: GuestView;
  /** The descriptor of the file that its memory is, which can be read everywhere. */
  readonly memoryDescriptor: number;
  registers(): Registers;
  specialRegisters(): SpecialRegisters;
}

/** Looks on while a guest runs. */
export interface Observer {
  /** Stands between the guest and the world. */
  world?(world: World): World;
  /** Stands between the run loop and the vCPU. */
  cpu?(cpu: Cpu): Cpu;
  /** Stands between the run loop and the hypercalls. */
  calls?(calls: Calls): Calls;
  /** Is told how the guest ended, while its machine still exists. */
  ended?(outcome: Outcome, machine: EndedMachine): void;
}

/** What a run is watched by, and held by. */
export interface Observed {
  /** The last stands closest to the guest. */
  readonly observers?: readonly Observer[];
  /**
   * Starts limits and confines this process, when all is made and before the guest's first instruction.
   *
   * @param devices the descriptors of the world's devices
   */
  readonly begin?: (vcpu: Vcpu, devices: readonly number[]) => void;
  /** A debugger, closer to the guest than any observer. */
  readonly attach?: Attach;
}
