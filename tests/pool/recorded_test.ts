/**
 * Guests of pools that are recorded.
 */
import { deepEqual, equal } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { Pool } from "../../pool/pool.ts";
import { parseRecording } from "../../tender/record/recording.ts";
import { guest } from "../guests.ts";
import { testUnless } from "../needs.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { printing, replays } from "../tender/record/recorded.ts";

for (const [target, missing] of [["spt", undefined], ["hvt", noKvm]] as const) {
  testUnless(missing, `pool: guests of ${target} are recorded beside others`, async () => {
    const path = await guest("time", target);
    const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
    await using pool = new Pool({ guests: 2 });
    const image = await pool.prepare(unikernel, { memory: "4 MiB" });
    const args = ["--solo5:quiet"];
    await Promise.all([1, 2, 3].map(async () => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const said = printing();
      const record = (bytes: Uint8Array<ArrayBuffer>) => void parts.push(bytes);
      const recorded = pool.start(image, { args, console: said.console, record });
      const plain = pool.start(image, { args, console: () => {} });
      const outcome = await recorded.outcome;
      deepEqual([outcome, await plain.outcome], [
        { kind: "exit", status: 0 },
        { kind: "exit", status: 0 },
      ]);
      const bytes = await new Blob(parts).bytes();
      const recording = parseRecording(bytes, { name: "pool.rec" });
      await replays(recording, { times: 2, text: said.text(), outcome });
    }));
    equal(pool.stats().ended, 6);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const killed = pool.start(image, { args, record: (bytes) => void parts.push(bytes) });
    killed.kill();
    deepEqual(await killed.outcome, { kind: "signal", signal: 9 });
    equal(pool.stats().alive, 0);
  });
}
