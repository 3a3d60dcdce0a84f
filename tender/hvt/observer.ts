/**
 * What an observer of a run is: it replaces parts of the run (the vCPU, the hypercalls, the world) by parts
 * that do the same and observe. A run without observers has the parts themselves, at no cost.
 * `observe/observers.ts` makes the observers that are asked for.
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

/** What a debugger gets: a machine that is ready to run. */
export interface WholeMachine {
  readonly machine: MachineBase;
  readonly vcpu: Vcpu;
  /** The memory, protected as the segments say. */
  readonly memory: Mapping;
}

/** What the run loop uses under a debugger: a vCPU, and the memory for hypercalls. */
export interface Attached {
  readonly cpu: Cpu;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Does something while the debugger changes nothing of the machine; without it, the run is not captured. */
  readonly aside?: Aside;
}

/** See {@linkcode Attached}. */
export type Aside = <T>(action: () => T) => T;

/** A machine whose guest has ended. */
export interface EndedMachine {
  /** Its memory. Reading what the guest itself could not read may fault. */
  readonly memory: GuestView;
  /** The same memory, of which `memory_content.ts` can read everything. */
  readonly mapping: Mapping;
  registers(): Registers;
  specialRegisters(): SpecialRegisters;
}

/** Observes a guest while it runs. It is disposed of together with the run. */
export interface Observer extends Partial<Disposable> {
  /** Takes over the machine, as a debugger does; at most one observer of a run may. */
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
  /** Is called before the guest's first instruction, on the guest's thread. */
  begin?(vcpu: Vcpu, memory: Mapping): void;
  /**
   * Is called when the guest has ended, while its machine still exists.
   *
   * @returns the outcome with what it adds to it, if anything
   */
  ended?(outcome: Outcome, machine: EndedMachine): Outcome | void;
}
