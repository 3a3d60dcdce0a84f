/**
 * The commands that try servers: X1 to X4 of the specification.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../../guests.ts";
import { atHome } from "./home.ts";

/** A server `tools`, whose image is the guest `call`. */
function withServer(
  use: (run: Parameters<Parameters<typeof atHome>[0]>[0], image: string) => Promise<void>,
): Promise<void> {
  return atHome(async (run, home) => {
    const image = join(home, "tools.spt");
    Deno.copyFileSync(await guest("call", "spt"), image);
    equal((await run("mcp", "add", image)).status, 0);
    await use(run, image);
  });
}

/** What of the checks that were printed did not pass. */
function failed(stdout: string): string[] {
  return stdout.split("\n").filter((line) => line.startsWith("FAILED"));
}

Deno.test("X1: a server is tried with a real call, and what is wrong is said", () =>
  withServer(async (run, image) => {
    const good = await run("mcp", "test");
    equal(good.status, 0);
    match(good.stdout, /^ok +tools: its program answers in a unikernel: echo, count \(spt, CID 2/m);
    const bad = async () => {
      const { status, stdout } = await run("mcp", "test", "--json", "tools");
      equal(status, 1);
      return (JSON.parse(stdout) as { ok: boolean }[]).map(({ ok }) => ok);
    };
    Deno.writeTextFileSync(image, "no unikernel");
    deepEqual(await bad(), [true, true, false, true]);
    Deno.removeSync(image);
    deepEqual(await bad(), [true, false, false, true]);
    equal((await run("mcp", "test", "other")).status, 4);
  }));

Deno.test("X2, X4: a tool is measured and put under load; the report is a file", () =>
  withServer(async (run, image) => {
    const output = join(image, "../report.json");
    const args = ["mcp", "bench", "--calls", "10", "--output", output, "tools", "echo", `{"a":1}`];
    const { status, stdout } = await run(...args);
    equal(status, 0);
    match(stdout, /^call +p50 .* ms, p95 .* ms, p99 /m);
    deepEqual(failed(stdout), []);
    const report = JSON.parse(Deno.readTextFileSync(output));
    const { boot, call, booted, imageSize, load } = report;
    ok(boot.min <= boot.mean && boot.mean <= boot.max && call.p50 <= call.p99 && booted.p50 > 0);
    equal(imageSize, Deno.statSync(image).size);
    equal(load.length, 4);
    const broken = await run("mcp", "bench", "--calls", "1", "tools", "fail");
    deepEqual([broken.status, broken.stderr], [1, "soloden: no such city\n"]);
    equal((await run("mcp", "bench", "--calls", "0", "tools", "echo")).status, 5);
  }));

Deno.test("X3: what protects this host is tried, in six groups; one that fails is the exit status", () =>
  withServer(async (run, image) => {
    const good = await run("mcp", "check");
    deepEqual([good.status, failed(good.stdout)], [0, []]);
    match(good.stdout, /^6 of 6 groups passed$/m);
    Deno.chmodSync(image, 0o666);
    const bad = await run("mcp", "check", "tools");
    equal(bad.status, 1);
    match(failed(bad.stdout).join(), /only its owner can change the image: .* can write to it/);
    match(bad.stdout, /^5 of 6 groups passed$/m);
  }));
