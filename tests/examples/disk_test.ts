/**
 * The disk example: what was put is there, whatever happened in between.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { example } from "../guests.ts";
import { kill, type Result, ROOT, soloden } from "../soloden.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

const BLOCK_SIZE = 512;

/** Runs a test with a store on a new device of `blocks` blocks. */
async function withStore(
  target: "hvt" | "spt",
  blocks: number,
  test: (disk: Store) => Promise<void>,
): Promise<void> {
  const unikernel = await example("disk", target);
  const directory = await Deno.makeTempDir();
  try {
    const image = join(directory, "image");
    await Deno.writeFile(image, new Uint8Array(blocks * BLOCK_SIZE));
    const options = ["run", "--mem=4", `--block:storage=${image}`, unikernel, "--solo5:quiet"];
    await test({ image, options, run: (...words) => soloden(...options, ...words) });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface Store {
  readonly image: string;
  readonly options: readonly string[];
  run(...words: string[]): Promise<Result>;
}

async function useStore({ run }: Store): Promise<void> {
  assert.equal((await run("get", "colour")).stdout, "disk: no such key\n");
  for (const words of [["colour", "red"], ["shape", "round"], ["colour", "deep", "blue"]]) {
    assert.deepEqual(await run("put", ...words), { status: 0, stdout: "", stderr: "" });
  }
  assert.equal((await run("get", "colour")).stdout, "deep blue\n");
  assert.equal((await run("list")).stdout, "shape=round\ncolour=deep blue\n");
  assert.equal((await run("get", "col")).status, 1);
}

kvmTest("disk: puts, gets and lists on hvt", () => withStore("hvt", 8, useStore));
Deno.test("disk: puts, gets and lists on spt", () => withStore("spt", 8, useStore));

Deno.test("disk: a full log refuses, and keeps what it has", () =>
  withStore("spt", 2, async ({ run }) => {
    await run("put", "a", "1");
    await run("put", "b", "2");
    assert.equal((await run("put", "c", "3")).status, 1);
    assert.equal((await run("list")).stdout, "a=1\nb=2\n");
    assert.equal((await run("put", "d", "x".repeat(BLOCK_SIZE))).status, 1);
  }));

Deno.test("disk: a record that was cut short was never put, and its place is used again", () =>
  withStore("spt", 8, async ({ image, run }) => {
    await run("put", "a", "1");
    await run("put", "b", "2");
    const content = await Deno.readFile(image);
    const end = content.findLastIndex((byte) => byte !== 0);
    assert.equal(content[end], "2".charCodeAt(0));
    content[end] = 0;
    await Deno.writeFile(image, content);
    assert.equal((await run("list")).stdout, "a=1\n");
    await run("put", "c", "3");
    assert.equal((await run("list")).stdout, "a=1\nc=3\n");
  }));

Deno.test("disk: killed at any moment, it has every value that was put, and at most one more", () =>
  withStore("spt", 64, async ({ options, run }) => {
    let certain = 0;
    for (let number = 1; number <= 12; number++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", join(ROOT, "main.ts"), ...options, "put", "n", String(number)],
      }).spawn();
      // Around the time that a run takes, so that some are cut short and some are not.
      const timer = setTimeout(() => kill(child), 10 + Math.random() * 150);
      const { success } = await child.status;
      clearTimeout(timer);
      if (success) certain = number;
      const { status, stdout } = await run("get", "n");
      const found = status === 0 ? Number(stdout) : 0;
      assert.ok(found >= certain && found <= number, `${found} of ${certain} to ${number}`);
    }
  }));
