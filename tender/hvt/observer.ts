/**
 * Watching a run from within: what observes replaces a part of the run by one that does the same and
 * looks on. A run without observers has the parts themselves, and pays nothing.
 *
 * @module
 */
import type { Mapping } from "../../linux/memory.ts";
import type { Outcome } from "../outcome.ts";
import type { Attempt } from "../run/run.ts";
import type { GuestView } from "./guest_view.ts";
import type { hypercall, resumePoll } from "./hypercalls.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { MachineBase } from "./machine.ts";
import type { ServeRequest } from "./net_ring.ts";
import type { World } from "./world.ts";

/** A vCPU, as the run loop uses it. */
export type Cpu = Pick<Vcpu, "run" | "registers">;

/** What answers hypercalls, and the requests of a network ring. */
export interface Calls {
  readonly hypercall: typeof hypercall;
  readonly resumePoll: typeof resumePoll;
  readonly serveRequest: ServeRequest;
}

/** What a debugger takes hold of: a machine that is ready to run. */
export interface WholeMachine {
  readonly machine: MachineBase;
  readonly vcpu: Vcpu;
  /** The memory, protected as the segments say. */
  readonly memory: Mapping;
}

/** What the run loop uses in place of a machine's own: its vCPU, and the bytes that hypercalls use. */
export interface Attached {
  readonly cpu: Cpu;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A machine whose guest has ended. */
export interface EndedMachine {
  /** Its memory: to read what the guest could not read itself may fault. */
  readonly memory: GuestView;
  /** The same memory, whose content `memory_content.ts` gives everywhere. */
  readonly mapping: Mapping;
  registers(): Registers;
  specialRegisters(): SpecialRegisters;
}

/** Looks on while a guest runs. What it holds is given back with the run. */
export interface Observer extends Partial<Disposable> {
  /** Takes hold of the machine, as a debugger does; one observer of a run at most. */
  attach?(machine: WholeMachine): Attached;
  /** Stands between the guest and the world. */
  world?(world: World): World;
  /** Stands between the run loop and the vCPU. */
  cpu?(cpu: Cpu): Cpu;
  /** Stands between the run loop and the hypercalls. */
  calls?(calls: Calls): Calls;
  /** Makes calls that may block for long on behalf of observers; see `Steps.attempt`. */
  readonly attempt?: Attempt;
  /** When the run has to be stepped again at the latest, by the world's monotonic clock. */
  until?(): bigint | undefined;
  /** Is told when all is made, before the guest's first instruction, on the guest's thread. */
  begin?(vcpu: Vcpu): void;
  /**
   * Is told how the guest ended, while its machine still exists.
   *
   * @returns the outcome, if it knows more of it
   */
  ended?(outcome: Outcome, machine: EndedMachine): Outcome | void;
}
