/**
 * Replays that go to any place of a recording.
 */
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { Hash } from "../../../tender/record/hash.ts";
import { inputsOf, parseRecording } from "../../../tender/record/recording.ts";
import { record, type Recorded, replay } from "../../../tender/record/replay.ts";
import { type Checkpoint, checkpointsOf } from "../../../tender/record/checkpoints.ts";
import { ReplaySession } from "../../../tender/record/session.ts";
import { guest } from "../../guests.ts";
import { testUnless } from "../../needs.ts";
import { once } from "../../once.ts";
import { noKvm } from "../hvt/kvm_available.ts";
import { kindsOf } from "./recorded.ts";

async function recorded(name: string, target: "hvt" | "spt"): Promise<Recorded> {
  const path = await guest(name, target);
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  return await record(bind(unikernel, { memory: "4 MiB" }), { console: () => {} });
}

/** What a guest is at a place: its registers, and a checksum of each page. */
function guestAt({ state, input }: Checkpoint): string {
  const { vcpu, registers, contents, memory } = state as unknown as {
    readonly vcpu?: { readonly registers: Record<string, bigint> };
    readonly registers?: Record<string, bigint>;
    readonly contents?: readonly Page[];
    readonly memory?: readonly Page[];
  };
  const pages = (contents ?? memory)!.map((page) =>
    `${page.address.toString(16)} ${new Hash().bytes((page.data ?? page.bytes)!)}`
  );
  const words = Object.entries(vcpu?.registers ?? registers!).map(([name, value]) =>
    `${name} ${value.toString(16)}`
  );
  return [input, ...words, ...pages].join("\n");
}

/** A page, as either target has it. */
interface Page {
  readonly address: number;
  readonly data?: Uint8Array;
  readonly bytes?: Uint8Array;
}

for (const [target, missing] of [["hvt", noKvm], ["spt", undefined]] as const) {
  const recording = once(() => recorded("time", target));

  testUnless(
    missing,
    `session: any place of a replay of ${target} is the same each time`,
    async () => {
      const { recording: { ...whole } } = await recording();
      const count = Object.values(kindsOf(whole)).reduce((sum, number) => sum + number, 0) - 1;
      const known = new Map<number, string>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(count - 1), { minLength: 2, maxLength: 8 }),
          fc.integer({ min: 1, max: 12 }),
          async (places, every) => {
            await using session = new ReplaySession(whole, { every });
            for (const place of places) {
              await session.seek(place);
              equal(session.input, place);
              const here = structuredClone(guestAt(session.capture()));
              deepEqual(here, known.get(place) ?? here);
              known.set(place, here);
            }
          },
        ),
        { numRuns: 8 },
      );
      ok(known.size > 8);
    },
  );

  testUnless(
    missing,
    `session: a replay of ${target} goes on from each checkpoint to its end`,
    async () => {
      const { recording: whole, outcome } = await recording();
      await using session = new ReplaySession(whole, { every: 8 });
      deepEqual(await session.toEnd(), outcome);
      throws(() => session.capture(), { code: "guest" });
      ok(session.checkpoints.length >= 3);
      for (const { input } of session.checkpoints.toReversed()) {
        await session.seek(input);
        deepEqual([session.input, session.outcome], [input, undefined]);
        deepEqual(await session.toEnd(), outcome);
      }
    },
  );

  testUnless(missing, `session: pages of ${target} that stay are kept once`, async () => {
    const { recording: whole } = await recording();
    await using session = new ReplaySession(whole, { every: 4 });
    await session.toEnd();
    const [first, second] = session.checkpoints.map(({ state }) => {
      const { contents, memory } = state as unknown as Record<string, Page[]>;
      return new Map((contents ?? memory)!.map((page) => [page.address, page.data ?? page.bytes]));
    });
    const same = [...second!].filter(([address, bytes]) => first!.get(address) === bytes);
    ok(same.length > 0 && same.length < second!.size, `${same.length} of ${second!.size}`);
  });

  testUnless(
    missing,
    `session: of ${target}, checkpoints are kept in the recording`,
    async () => {
      const { recording: whole, outcome } = await recording();
      await using first = new ReplaySession(whole, { every: 4 });
      await first.toEnd();
      const bytes = first.save();
      const saved = parseRecording(bytes, { name: "saved.rec" });
      deepEqual([saved.whole, saved.inputs, saved.file], [true, whole.inputs, whole.file]);
      await using second = new ReplaySession(saved, { every: 1_000_000 });
      deepEqual(
        second.checkpoints.map(({ input }) => input),
        first.checkpoints.map(({ input }) => input),
      );
      for (const { input } of [first.checkpoints[1]!, first.checkpoints.at(-1)!]) {
        let printed = 0;
        await using there = new ReplaySession(saved, { console: () => void printed++ });
        await there.seek(input);
        await first.seek(input);
        equal(guestAt(there.capture()), guestAt(first.capture()));
        equal(printed, 0, "what was before is not replayed");
        deepEqual(await there.toEnd(), outcome);
      }
      const again = parseRecording(second.save(), { name: "saved.rec" });
      deepEqual(checkpointsOf(again), checkpointsOf(saved));
      deepEqual(await replay(saved, { console: () => {} }), outcome);
    },
  );

  testUnless(
    missing,
    `session: checkpoints of ${target} that are damaged are refused`,
    async () => {
      const { recording: whole } = await recording();
      await using session = new ReplaySession(whole, { every: 8 });
      await session.toEnd();
      const { checkpoints } = parseRecording(session.save(), { name: "x" });
      const text = new TextDecoder("latin1").decode(checkpoints);
      const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      for (
        const damaged of [
          `${text}x`,
          text.slice(0, -1),
          text.replaceAll('"integer"', '"integes"'),
          text.replaceAll('"address"', '"addresz"'),
          text.replaceAll('"offset"', '"offzet"'),
          text.replaceAll(/"input":[0-9]/g, '"input":0'),
          "{}",
        ]
      ) {
        const changed = { ...whole, checkpoints: bytesOf(damaged) };
        throws(() => new ReplaySession(changed), { code: "recording" }, damaged.slice(0, 80));
      }
      const place = fc.nat(Math.min(checkpoints.length - 1, 20_000));
      const refusal = /^[^\n]*: not a whole recording: its checkpoints are damaged$/;
      fc.assert(
        fc.property(place, fc.nat(255), fc.boolean(), (at, byte, isCut) => {
          const changed = isCut ? checkpoints.slice(0, at) : checkpoints.slice();
          if (!isCut) changed[at] = byte;
          try {
            new ReplaySession({ ...whole, checkpoints: changed });
          } catch (error) {
            match((error as Error).message, refusal);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  testUnless(
    missing,
    `session: of ${target}, a recording that is cut off ends where it is`,
    async () => {
      const { recording: whole } = await recording();
      const reader = inputsOf(whole);
      while (reader.count < 12) reader.next();
      const inputs = whole.inputs.slice(0, reader.position.offset);
      await using session = new ReplaySession({ ...whole, inputs }, { every: 8 });
      await rejects(session.toEnd(), { code: "recording", message: /ends after input 12,/ });
      for (const place of [9, 12, 3]) {
        await session.seek(place);
        equal(session.input, place);
      }
    },
  );
}
