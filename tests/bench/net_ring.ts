/**
 * What the network ring saves a guest of hvt that receives a burst of frames, against hypercalls: exits
 * for the frames, and time. Where KVM emulates the CPU, exits cost little and the guest's instructions
 * much, so only the exits have a limit.
 *
 * @module
 */
import type { Stats } from "../../mod.ts";
import { net } from "../../tender/devices/net/device.ts";
import { run } from "../../tender/run/event_loop.ts";
import { socketPair } from "../tender/devices/socket_pair.ts";
import { loadWith } from "../tender/hvt/device_guests.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { median } from "./measure.ts";
import type { Figure } from "./result.ts";

/** As many as the queue of a cable holds. */
const FRAMES = 60;
const SIZE = 1200;
const ROUNDS = 15;
/** Has the guest end. */
const QUIT = Uint8Array.from({ length: 15 }, (_, at) => at === 14 ? 0x71 : 0);

/** Measures a burst. */
export async function netRing(): Promise<Figure[]> {
  if (noKvm !== undefined) {
    console.error(`skipped: frames received on hvt: ${noKvm}`);
    return [];
  }
  const bursts: [ring: Burst, plain: Burst][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bursts.push([await burst({ netRing: true }), await burst({ netRing: false })]);
  }
  const figure = (name: string, value: keyof Burst, unit: Figure["unit"]): Figure => ({
    name: `${name} on hvt`,
    value: median(bursts.map(([ring]) => ring[value])),
    unit,
    baseline: {
      name: "without the ring",
      value: median(bursts.map(([, plain]) => plain[value])),
      ratio: median(bursts.map(([ring, plain]) => ring[value] / plain[value])),
    },
  });
  return [
    { ...figure(`exits to receive ${FRAMES} frames`, "exits", "exits"), limit: { atMost: 0.2 } },
    figure(`a frame of ${SIZE} bytes received and sent back`, "time", "µs"),
  ];
}

/** What a burst took: exits to receive, and microseconds for each frame. */
interface Burst {
  readonly exits: number;
  readonly time: number;
}

async function burst({ netRing }: { netRing: boolean }): Promise<Burst> {
  using pair = socketPair();
  for (let count = 0; count < FRAMES; count++) pair.send(new Uint8Array(SIZE));
  pair.send(QUIT);
  const guest = await loadWith("net", { service: net.fd(pair.guest) });
  const found: Stats[] = [];
  await run(guest, { netRing, console: () => {}, stats: (stats) => void found.push(stats) });
  const { exits, total } = found[0]!;
  return {
    exits: (exits.get("net_read") ?? 0) + (exits.get("ring") ?? 0),
    time: total / 1000 / FRAMES,
  };
}
