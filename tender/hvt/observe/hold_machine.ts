/**
 * What holds a guest of the command in: the confinement of this process, and the guest's limits.
 *
 * @module
 */
import { confine } from "../confine.ts";
import type { Observed, Observer } from "../observer.ts";

const UNCONFINED =
  "soloden: WARNING: --no-confine: the tender keeps all its rights while the guest runs; " +
  "whatever breaks out of the guest has them";

/** Parts of a run that hold its guest, for as long as this exists. */
export interface HeldMachine extends Observed, Disposable {
  readonly observers: readonly Observer[];
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
      confine: ({ descriptor }) => void confine({ vcpu: descriptor }),
      [Symbol.dispose]: () => {},
    };
  }
  const { readHolding } = await import("../../holding.ts");
  const { holdTo } = await import("../hold.ts");
  const { limits, confined } = readHolding(words);
  if (!confined) console.error(UNCONFINED);
  const hold = holdTo(limits);
  return {
    observers: [hold],
    confine(vcpu) {
      hold.start(vcpu);
      if (confined) confine({ vcpu: vcpu.descriptor });
    },
    [Symbol.dispose]: () => hold[Symbol.dispose](),
  };
}
