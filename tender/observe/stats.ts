/**
 * Statistics of a run: how often the guest exited to the tender and why, what its devices transferred, and
 * where the time went.
 *
 * @module
 */
import { HYPERCALL, HYPERCALL_PORT } from "../../abi/hvt.ts";
import { RING_PORT } from "../../abi/hvt_ring.ts";
import { RESULT } from "../../abi/solo5.ts";
import type { BoundDevice } from "../devices/device.ts";
import type { OpenDevice } from "../devices/kind.ts";
import { kindOf as deviceKindOf } from "../devices/kinds.ts";
import { monotonic } from "../../linux/clock.ts";
import type { Exit } from "../kvm/exit.ts";
import type { Calls, Cpu, Observer } from "../hvt/observer.ts";
import type { World } from "../hvt/world.ts";
import type { Stats, Traffic } from "./stats_format.ts";

/** An observer that counts. */
export interface StatsObserver extends Observer {
  /** The statistics so far. */
  stats(): Stats;
}

const NAMES = new Map([
  ...Object.entries(HYPERCALL).map(([name, number]) => [HYPERCALL_PORT + number, name] as const),
  [RING_PORT, "ring"] as const,
]);

/**
 * Makes an observer that counts.
 *
 * @param options `clock`: a monotonic clock in nanoseconds, the host's if not given; `report`: is called
 * at the end
 */
export function countRun(
  devices: readonly BoundDevice[],
  { clock = monotonic, report }: {
    clock?: () => bigint;
    report?: (stats: Stats) => void;
  } = {},
): StatsObserver {
  const exits = new Map<string, number>();
  const traffic = deviceCounters(devices);
  let begun: bigint | undefined;
  let guest = 0n;
  let waiting = 0n;
  let waitBegun: bigint | undefined;

  const cpu = (inner: Cpu): Cpu => ({
    registers: () => inner.registers(),
    run: () => {
      const start = clock();
      begun ??= start;
      try {
        const exit = inner.run();
        const kind = kindOf(exit);
        exits.set(kind, (exits.get(kind) ?? 0) + 1);
        return exit;
      } finally {
        // A limit that ends the run throws from `inner.run`.
        guest += clock() - start;
      }
    },
  });

  const calls = ({ hypercall, resumePoll, serveRequest }: Calls): Calls => ({
    serveRequest,
    hypercall(number, block, context) {
      const answer = hypercall(number, block, context);
      if (answer?.kind === "wait") waitBegun = clock();
      return answer;
    },
    resumePoll(context, block, wait) {
      const answer = resumePoll(context, block, wait);
      if (answer?.kind !== "wait") endWait();
      return answer;
    },
  });

  const endWait = () => {
    if (waitBegun !== undefined) waiting += clock() - waitBegun;
    waitBegun = undefined;
  };

  const stats = (): Stats => {
    const now = clock();
    const total = now - (begun ?? now);
    const waited = waiting + (waitBegun === undefined ? 0n : now - waitBegun);
    return {
      exits,
      console: traffic.console,
      devices: traffic.devices,
      total: Number(total),
      guest: Number(guest),
      tender: Number(total - guest - waited),
      waiting: Number(waited),
    };
  };
  return { cpu, calls, world: traffic.world, stats, ended: () => void report?.(stats()) };
}

type Counter = { -readonly [Key in keyof Traffic]: Traffic[Key] };

/** Counts what a guest transfers by its console and its devices. */
function deviceCounters(bound: readonly BoundDevice[]) {
  const console: Counter = { count: 0, bytes: 0 };
  const devices = bound.map(({ name, device }) => ({
    name,
    unit: deviceKindOf(device).unit,
    read: { count: 0, bytes: 0 } as Counter,
    written: { count: 0, bytes: 0 } as Counter,
  }));
  const count = (counter: Counter, bytes: number) => {
    counter.count++;
    counter.bytes += bytes;
  };
  const counted = (device: OpenDevice, index: number): OpenDevice => ({
    ...device,
    read(data, offset) {
      const bytes = device.read(data, offset);
      if (bytes >= 0) count(devices[index]!.read, bytes);
      return bytes;
    },
    write(data, offset) {
      const result = device.write(data, offset);
      if (result === RESULT.OK) count(devices[index]!.written, data.length);
      return result;
    },
  });
  const world = (inner: World): World => ({
    ...inner,
    devices: inner.devices.map(counted),
    write(data) {
      count(console, data.length);
      return inner.write(data);
    },
  });
  return { console, devices, world };
}

function kindOf(exit: Exit): string {
  return exit.kind === "io" ? NAMES.get(exit.port) ?? "io" : exit.kind;
}
