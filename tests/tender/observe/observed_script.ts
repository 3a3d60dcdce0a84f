/**
 * Observers without KVM: a CPU that stops as a test tells it to, and a clock that the test sets.
 *
 * @module
 */
import { viewOf } from "../../../abi/layout.ts";
import type { Exit } from "../../../tender/kvm/exit.ts";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import type { Observer } from "../../../tender/hvt/observer.ts";
import { CALLS, RunLoop } from "../../../tender/hvt/run_loop.ts";
import type { World } from "../../../tender/hvt/world.ts";
import { MEMORY, RING } from "../hvt/scripted_cpu.ts";

/** A clock that goes on by `step` nanoseconds each time it is read. */
export function steppingClock(step: number): () => bigint {
  let now = 1_000_000n;
  return () => now += BigInt(step);
}

/** What an observed run is made of. */
export interface ObservedScript {
  readonly exits: readonly Exit[];
  readonly world: World;
  readonly handles?: bigint;
}

/** A run loop with an observer between its parts, and the memory of its guest. */
export function observedScript(
  observer: Observer,
  { exits, world, handles = 0n }: ObservedScript,
): { loop: RunLoop; view: DataView; bytes: Uint8Array } {
  const bytes = new Uint8Array(MEMORY);
  const rest = [...exits];
  const cpu = { run: () => rest.shift()!, registers: () => ({ rip: 0x10_0abcn }) as never };
  const context = {
    guest: new GuestView(bytes, []),
    world: observer.world?.(world) ?? world,
    handles,
    ring: RING,
  };
  const calls = observer.calls?.(CALLS) ?? CALLS;
  const loop = new RunLoop(observer.cpu?.(cpu) ?? cpu, context, { calls });
  return { loop, view: viewOf(bytes), bytes };
}
