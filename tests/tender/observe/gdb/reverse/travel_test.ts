/**
 * Ways through replays, forwards and backwards, compared with a list of all that the guest does.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { readSymbols } from "../../../../../elftool/symbols.ts";
import { parseUnikernel } from "../../../../../elftool/unikernel.ts";
import { bind } from "../../../../../tender/guest.ts";
import { ReplayMachine } from "../../../../../tender/observe/gdb/reverse/machine.ts";
import { type Came, Travel } from "../../../../../tender/observe/gdb/reverse/travel.ts";
import type { Breakpoint } from "../../../../../tender/observe/gdb/stub.ts";
import type { Outcome } from "../../../../../tender/outcome.ts";
import { record } from "../../../../../tender/record/replay.ts";
import type { Recording } from "../../../../../tender/record/recording.ts";
import { guest } from "../../../../guests.ts";
import { once } from "../../../../once.ts";
import { kvmTest } from "../../../hvt/kvm_available.ts";

/** What the guest is like before one of its instructions. */
interface Moment {
  readonly rip: number;
  readonly input: number;
  readonly counter: string;
}

/** A recording, and every moment of it. */
interface Known {
  readonly recording: Recording;
  readonly outcome: Outcome;
  readonly moments: readonly Moment[];
  readonly counter: number;
  readonly work: number;
  readonly fill: number;
}

const known = once(async (): Promise<Known> => {
  const path = await guest("spoilt", "hvt");
  const file = Deno.readFileSync(path);
  const unikernel = parseUnikernel(file, { name: path });
  const { recording, outcome } = await record(
    bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"] }),
    { console: () => {} },
  );
  const symbols = readSymbols(file, { name: path });
  const [counter, work, fill] = ["counter", "work", "fill"]
    .map((wanted) => symbols.find(({ name }) => name === wanted)!.address);
  await using machine = await ReplayMachine.start(recording, { print: () => {} });
  const moments: Moment[] = [];
  machine.arm([], { step: true });
  while (machine.end === undefined) {
    moments.push(momentOf(machine, counter!));
    machine.step();
  }
  // Single steps change nothing that the guest could see, not even where it traps.
  deepEqual(machine.end, { outcome });
  return { recording, outcome, moments, counter: counter!, work: work!, fill: fill! };
});

function momentOf(machine: ReplayMachine, counter: number): Moment {
  return {
    rip: Number(machine.registers().rip),
    input: machine.input,
    counter: String(machine.memory.read(counter, 8)),
  };
}

/** A way to go, and the moment that it leads to: the number of moments is the end, −1 the beginning. */
interface Move {
  readonly name: string;
  go(travel: Travel): Came | Promise<Came>;
  from(at: number): number;
}

function movesOf({ moments, counter, work, fill }: Known): fc.Arbitrary<Move> {
  const end = moments.length;
  const points: readonly Breakpoint[] = [
    { kind: "software", address: work },
    { kind: "execute", address: fill, length: 1 },
    { kind: "write", address: counter, length: 8 },
  ];
  const isHit = (at: number, { kind, address }: Breakpoint) =>
    kind === "write"
      ? at > 0 && moments[at]!.counter !== moments[at - 1]!.counter
      : moments[at]!.rip === address;
  const forward = (points: readonly Breakpoint[], from: number) => {
    for (let at = from + 1; at < end; at++) if (points.some((point) => isHit(at, point))) return at;
    return end;
  };
  const backward = (points: readonly Breakpoint[], from: number) => {
    for (let at = from; at >= 0; at--) {
      if (at < end && points.some((point) => point.kind === "write" && isHit(at, point))) {
        return at - 1;
      }
      if (at < from && points.some((point) => isHit(at, point))) return at;
    }
    return 0;
  };
  const never = { interrupted: () => false };
  return fc.oneof(
    fc.constant<Move>({
      name: "step",
      go: (travel) => travel.step([]),
      from: (at) => Math.min(at + 1, end),
    }),
    fc.constant<Move>({
      name: "back",
      go: (travel) => travel.stepBack([]),
      from: (at) => Math.max(at - 1, 0),
    }),
    fc.subarray([...points]).map((some): Move => ({
      name: `forward ${some.map(({ kind }) => kind)}`,
      go: (travel) => travel.forward(some, never),
      from: (at) => forward(some, at),
    })),
    fc.subarray([...points]).map((some): Move => ({
      name: `backward ${some.map(({ kind }) => kind)}`,
      go: (travel) => travel.backward(some),
      from: (at) => backward(some, at),
    })),
    fc.nat(moments.at(-1)!.input + 1).map((input): Move => ({
      name: `seek ${input}`,
      go: (travel) => travel.seek(input),
      from: () => {
        const at = moments.findIndex((moment) => moment.input >= input);
        return at < 0 ? end : at;
      },
    })),
  );
}

kvmTest("travel: any way through a replay leads where single steps lead", async () => {
  const all = await known();
  ok(all.moments.length > 500, `${all.moments.length}`);
  await fc.assert(
    fc.asyncProperty(fc.array(movesOf(all), { minLength: 1, maxLength: 12 }), async (moves) => {
      await using machine = await ReplayMachine.start(all.recording, { print: () => {} });
      const travel = new Travel(machine);
      let at = 0;
      for (const [number, { name, go, from }] of moves.entries()) {
        await go(travel);
        at = from(at);
        const said = `${number}: ${name}, to ${at} of ${all.moments.length}`;
        equal(machine.end !== undefined, at === all.moments.length, said);
        if (machine.end === undefined) {
          deepEqual(momentOf(machine, all.counter), all.moments[at], said);
        }
      }
    }),
    { numRuns: 15 },
  );
});

kvmTest(
  "travel: a recording that is cut off ends where it is, and goes back from there",
  async () => {
    const { recording: whole, moments } = await known();
    const inputs = whole.inputs.slice(0, whole.inputs.length / 2);
    const recording = { ...whole, inputs };
    await using machine = await ReplayMachine.start(recording, { print: () => {} });
    const travel = new Travel(machine);
    const never = { interrupted: () => false };
    for (let count = 0; count < 2; count++) {
      equal(travel.forward([], never).kind, "end");
      ok(machine.end !== undefined && "error" in machine.end);
      match(machine.end.error.message, /not complete|ends after input/);
      equal((await travel.stepBack([])).kind, "step");
      equal(machine.end, undefined);
      const { rip, input } = { rip: Number(machine.registers().rip), input: machine.input };
      ok(moments.some((moment) => moment.rip === rip && moment.input === input));
    }
    equal((await travel.backward([])).kind, "begin");
    equal(machine.input, 0);
  },
);

kvmTest("travel: what the guest prints is printed once, in its order", async () => {
  const { recording } = await known();
  let said = "";
  const print = (output: Uint8Array) => said += new TextDecoder().decode(output);
  await using machine = await ReplayMachine.start(recording, { print });
  const travel = new Travel(machine);
  const never = { interrupted: () => false };
  for (let count = 0; count < 3; count++) {
    travel.forward([], never);
    await travel.stepBack([]);
    await travel.seek(count + 1);
  }
  match(said, /^working\ndone\nSolo5: trap: [^\n]*\n[^\n]*Fatal trap\n$/);
});

kvmTest("travel: a step says whether it accesses what is watched", async () => {
  const { recording, counter, work } = await known();
  await using machine = await ReplayMachine.start(recording, { print: () => {} });
  const travel = new Travel(machine);
  const watched: Breakpoint = { kind: "write", address: counter, length: 8 };
  const points: readonly Breakpoint[] = [watched, { kind: "software", address: work }];
  const value = () => machine.memory.read(counter, 1)![0];
  const never = { interrupted: () => false };
  equal(travel.forward(points, never).kind, "point");
  deepEqual(travel.forward(points, never), { kind: "point", point: watched });
  equal(value(), 1);
  deepEqual(await travel.stepBack(points), { kind: "point", point: watched });
  equal(value(), 0);
  equal((await travel.stepBack(points)).kind, "step");
  equal(travel.step(points).kind, "step");
  deepEqual(travel.step(points), { kind: "point", point: watched });
  equal(value(), 1);
});

kvmTest(
  "travel: there are as many steps where pages are closed because they are watched",
  async () => {
    const { recording, outcome, moments, counter } = await known();
    await using machine = await ReplayMachine.start(recording, { print: () => {} });
    machine.arm([{ kind: "write", address: counter, length: 8 }], { step: true });
    let steps = 0;
    for (; machine.end === undefined; steps++) machine.step();
    equal(steps, moments.length);
    deepEqual(machine.end, { outcome });
  },
);
