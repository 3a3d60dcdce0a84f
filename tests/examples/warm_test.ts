/**
 * The warm example: what was computed before the snapshot is not computed again.
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import type { BuildTarget } from "../../bindings/targets.ts";
import { example } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { testUnless } from "../needs.ts";

for (
  const [name, target, options] of [
    ["hvt", "hvt", []],
    ["spt", "spt", []],
    ["a portable one, on hvt", "any", ["--target=hvt"]],
    ["a portable one, on spt", "any", ["--target=spt"]],
  ] as [string, BuildTarget, string[]][]
) {
  testUnless(
    name.includes("hvt") ? noKvm : undefined,
    `warm: for ${name}`,
    () =>
      inDirectory(async (directory) => {
        const cold = await example("warm", target);
        const warm = join(directory, "warm");
        const given = [...options, "--mem=4"];
        const taken = await soloden("snapshot", ...given, "-o", warm, cold, "--solo5:quiet");
        deepEqual(taken, { status: 0, stdout: "Computing ...\n", stderr: "" });
        for (const [number, is] of [["19997", "is"], ["19999", "is not"]] as const) {
          const answer = `${number} ${is} prime\n`;
          const words = ["run", ...given, "--solo5:quiet", number];
          const [first, second] = [words.slice(0, -2), words.slice(-2)];
          equal((await soloden(...first, warm, ...second)).stdout, answer);
          equal((await soloden(...first, cold, ...second)).stdout, `Computing ...\n${answer}`);
        }
      }),
  );
}
