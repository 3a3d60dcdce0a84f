/**
 * Input as commands read it.
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { readInput } from "../../linux/files.ts";

/** Prints what `-` reads, as it is. */
const PROGRAM = `
import { readInput } from ${JSON.stringify(import.meta.resolve("../../linux/files.ts"))};
const bytes = readInput("-");
for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
`;

/** What comes through a pipe of these bytes, by way of `readInput`. */
async function throughStdin(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", PROGRAM],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const sent = new Blob([bytes]).stream().pipeTo(child.stdin);
  const { code, stdout } = await child.output();
  await sent;
  equal(code, 0);
  return stdout;
}

Deno.test("files: standard input is read to its end, however long it is", async () => {
  for (const size of [0, 1, 0x1_0000, 0x1_0001, 300_000]) {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index * 31 % 251);
    deepEqual(await throughStdin(bytes), bytes, `${size} bytes`);
  }
});

Deno.test("files: any other name is that of a file", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "file");
    Deno.writeFileSync(path, Uint8Array.of(1, 2));
    deepEqual([...readInput(path)], [1, 2]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
