/**
 * What holds a guest of the command in: the confinement of this process, and the guest's limits.
 *
 * @module
 */
import { confine } from "../tender/hvt/confine.ts";
import type { Limits } from "../tender/holding.ts";
import type { Vcpu } from "../tender/kvm/vcpu.ts";
import type { Attempt } from "../tender/hvt/hold.ts";
import type { Observer } from "../tender/hvt/observer.ts";

const UNCONFINED =
  "soloden: WARNING: --no-confine: the tender keeps all its rights while the guest runs; " +
  "whatever breaks out of the guest has them";

/** Parts of a run that hold its guest, for as long as this exists. */
export interface HeldMachine extends Disposable {
  readonly observers: readonly Observer[];
  readonly limits: Limits;
  /**
   * Starts the limits and confines this process; see {@linkcode Observed.begin}.
   *
   * @param options `confined`: false where this process is to open files or sockets later
   */
  begin(vcpu: Vcpu, devices: readonly number[], options?: { confined?: boolean }): void;
  /** See {@linkcode Hold.attempt}. */
  readonly attempt: Attempt;
}

/**
 * Makes what a guest is held by.
 *
 * @param words as `GuestRequest.hold` has them
 * @throws {TenderError} "option" for a value that is none
 */
export async function holdMachine(words: readonly string[]): Promise<HeldMachine> {
  if (words.length === 0) {
    return {
      observers: [],
      limits: {},
      begin({ descriptor }, devices, { confined = true } = {}) {
        if (confined) confine({ vcpu: descriptor, devices });
      },
      attempt: (call) => call(),
      [Symbol.dispose]: () => {},
    };
  }
  const { readHolding } = await import("../tender/holding.ts");
  const { holdTo } = await import("../tender/hvt/hold.ts");
  const { limits, confined: wanted } = readHolding(words);
  if (!wanted) console.error(UNCONFINED);
  const hold = holdTo(limits);
  return {
    observers: [hold],
    limits,
    attempt: hold.attempt,
    begin(vcpu, devices, { confined = true } = {}) {
      hold.start(vcpu);
      if (confined && wanted) confine({ vcpu: vcpu.descriptor, devices });
    },
    [Symbol.dispose]: () => hold[Symbol.dispose](),
  };
}
