/**
 * Watching a run from within: what observes replaces a part of the run by one that does the same and
 * looks on. A run without observers has the parts themselves, and pays nothing.
 *
 * @module
 */
import type { Outcome } from "../outcome.ts";
import type { GuestView } from "./guest_view.ts";
import type { hypercall, resumePoll } from "./hypercalls.ts";
import type { Registers } from "./kvm_abi.ts";
import type { Vcpu } from "./kvm.ts";
import type { World } from "./world.ts";

/** A vCPU, as the run loop uses it. */
export type Cpu = Pick<Vcpu, "run" | "registers">;

/** What answers hypercalls. */
export interface Calls {
  readonly hypercall: typeof hypercall;
  readonly resumePoll: typeof resumePoll;
}

/** A machine whose guest has ended. */
export interface EndedMachine {
  /** Its memory: to read what the guest could not read itself may fault. */
  readonly memory: GuestView;
  registers(): Registers;
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

/** What a run is watched by; the last stands closest to the guest. */
export interface Observed {
  readonly observers?: readonly Observer[];
}
