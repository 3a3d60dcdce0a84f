/**
 * A guest that answers real pings on a real interface, recorded until its tender is killed.
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { parseRecording } from "../../../tender/record/recording.ts";
import { example } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { type Namespace, netnsTest, ping, whileRunning } from "../../netns.ts";
import { testUnless } from "../../needs.ts";
import { soloden } from "../../soloden.ts";
import { noKvm } from "../hvt/kvm_available.ts";
import { kindsOf } from "./recorded.ts";

for (const [target, missing] of [["hvt", noKvm], ["spt", undefined]] as const) {
  const name = `record: pings to a guest of ${target}, until its tender is killed`;
  const test = (net: Namespace) => inDirectory((directory) => pings(net, { target, directory }));
  if (missing === undefined) netnsTest(name, test);
  else testUnless(missing, name, () => {});
}

const PINGS = 100;

async function pings(
  net: Namespace,
  { target, directory }: { target: "hvt" | "spt"; directory: string },
): Promise<void> {
  net.addTap("tap0", { address: "10.0.0.1/24" });
  const file = join(directory, "echo.rec");
  const options = [`--record=${file}`, "--mem=4", "--net:service=tap0"];
  const guest = await example("echo", target);
  const child = net.soloden("run", ...options, guest, "--solo5:quiet", "10.0.0.2/24");
  await whileRunning(child, "echo: listening on 10.0.0.2/24\n", async () => {
    await ping(net, "10.0.0.2", "-c", `${PINGS}`, "-i", "0.002");
  });
  const recording = parseRecording(Deno.readFileSync(file), { name: file });
  equal(recording.whole, false);
  ok(kindsOf(recording).write! >= PINGS);
  let before: string | undefined;
  for (let count = 0; count < 3; count++) {
    const { status, stdout, stderr } = await soloden("replay", file);
    equal(status, 1);
    equal(stdout, "echo: listening on 10.0.0.2/24\n");
    match(stderr, /^soloden: [^\n]*: ends after input [0-9]+, before its run did: [^\n]*\n$/);
    equal(stderr, before ?? stderr);
    before = stderr;
  }
}
