/**
 * Every C guest of tests/guests on each target, recorded once and replayed ten times: console, memory and
 * end have to be the same each time.
 *
 *     deno run -A tests/soak/record.ts [TIMES] [GUEST…]
 *
 * @module
 */
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { EVERY_GUEST, LEFT_OUT, recordGuest } from "../tender/record/every_guest.ts";

const [times = "10", ...names] = Deno.args;
const targets = noKvm === undefined ? ["spt", "hvt"] as const : ["spt"] as const;
let failed = 0;
for (const target of targets) {
  for (const name of names.length > 0 ? names : EVERY_GUEST) {
    if (LEFT_OUT[target].includes(name)) continue;
    const begun = performance.now();
    try {
      await recordGuest(name, { target, times: Number(times) });
      console.log(`${target} ${name}: ${Math.round(performance.now() - begun)} ms`);
    } catch (error) {
      failed++;
      console.log(`${target} ${name}: ${(error as Error).message.slice(0, 300)}`);
    }
  }
}
Deno.exit(failed === 0 ? 0 : 1);
