/**
 * How long it takes to go back in a replay of a guest that computes without an input, in terms of what the
 * replay takes.
 *
 * @module
 */
import { readSymbols } from "../../elftool/symbols.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind } from "../../tender/guest.ts";
import { ReplayMachine } from "../../tender/observe/gdb/reverse/machine.ts";
import { Travel } from "../../tender/observe/gdb/reverse/travel.ts";
import { record, replay } from "../../tender/record/replay.ts";
import { guest } from "../guests.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { median, pairedRatio } from "./measure.ts";
import type { Figure } from "./result.ts";

const ROUNDS = 5;
/** Instructions are some times as many: half a second for a KVM that emulates them. */
const LOOPS = 100_000;
/**
 * Two seconds for 10^9 instructions, of which a CPU of 3 GHz executes one a cycle, as ratio: 2 s to 0.33 s.
 */
const LIMIT = 6;

/** Measures hvt, on a machine that has it. */
export async function goingBack(): Promise<Figure[]> {
  if (noKvm !== undefined) return [];
  const path = await guest("bench_back", "hvt");
  const file = Deno.readFileSync(path);
  const symbols = readSymbols(file, { name: path });
  const addressOf = (wanted: string) => symbols.find(({ name }) => name === wanted)!.address;
  const computing = bind(parseUnikernel(file, { name: path }), {
    memory: "4 MiB",
    args: ["--solo5:quiet", `${LOOPS}`],
  });
  const { recording } = await record(computing, { console: () => {} });
  const times = { replay: [], step: [], late: [], middle: [] } as Record<string, number[]>;
  for (let round = 0; round < ROUNDS; round++) {
    times.replay!.push(await time(() => replay(recording, { console: () => {} })));
    await using machine = await ReplayMachine.start(recording, { print: () => {} });
    const travel = new Travel(machine);
    travel.forward([], { interrupted: () => false });
    times.step!.push(await time(() => travel.stepBack([])));
    for (const name of ["late", "middle"]) {
      const point = { kind: "write", address: addressOf(name), length: 8 } as const;
      times[name]!.push(await time(() => travel.backward([point])));
    }
  }
  const figure = (name: string, values: number[]): Figure => ({
    name,
    value: median(values),
    unit: "ms",
    baseline: {
      name: "the replay",
      value: median(times.replay!),
      ratio: pairedRatio(values, times.replay!),
    },
    limit: { atMost: LIMIT },
  });
  return [
    figure("back by an instruction, from a crash", times.step!),
    figure("back to a write, shortly before", times.late!),
    figure("back to a write, half the replay before", times.middle!),
  ];
}

async function time(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}
