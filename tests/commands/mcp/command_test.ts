/**
 * The commands of `soloden mcp`, as people type them.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../../guests.ts";
import { soloden } from "../../soloden.ts";
import { atHome } from "./home.ts";
import { noKvm } from "../../tender/hvt/kvm_available.ts";
import { testUnless } from "../../needs.ts";

Deno.test("K1, K2, K3: servers are added, called, disabled and removed; statuses say what was wrong", () =>
  atHome(async (run, home) => {
    const image = join(home, "tools.spt");
    Deno.copyFileSync(await guest("call", "spt"), image);
    const status = async (...args: string[]) => (await run("mcp", ...args)).status;
    equal((await run("mcp", "list")).stdout, "");
    equal((await run("mcp", "add", image)).stdout, "added tools: echo, count\n");
    equal(await status("add", image), 4);
    equal((await run("mcp", "list")).stdout, "tools  enabled  echo count\n");
    const called = await run("mcp", "call", "tools", "echo", `{"a":[1,"b"]}`);
    deepEqual(called, { status: 0, stdout: `{\n  "a": [\n    1,\n    "b"\n  ]\n}\n`, stderr: "" });
    const json = await run("mcp", "call", "--json", "tools", "count");
    deepEqual(JSON.parse(json.stdout).result, 1);
    equal((await run("mcp", "call-tool", "tools", "count", "--args", "{}")).stdout, "1\n");

    const failed = await run("mcp", "call", "--json", "tools", "fail");
    deepEqual([failed.status, failed.stderr], [1, "soloden: no such city\n"]);
    equal(JSON.parse(failed.stdout).error.code, "tool");
    equal(await status("call", "none", "x"), 4);
    equal(await status("call", "tools", "echo", "{"), 5);
    equal(await status("serve", "--http", "0.0.0.0:0"), 4);
    equal(await status("list", "--config", "/nowhere"), 4);

    equal((await run("mcp", "disable", "tools", "count")).stdout, "disabled tools count\n");
    match(
      (await run("mcp", "call", "tools", "count")).stderr,
      /^soloden: the tool count .*disabled/,
    );
    equal((await run("mcp", "enable", "tools", "count")).status, 0);
    const stats = JSON.parse((await run("mcp", "stats", "--json")).stdout);
    deepEqual([stats.live, stats.failures.tool, stats.denials], [0, 1, 2]);
    equal((await run("mcp", "ps", "--json")).stdout, "[]\n");
    equal((await run("mcp", "remove", "tools")).status, 0);
    equal(await status("remove", "tools"), 4);
    equal((await run("mcp", "list")).stdout, "");
  }));

Deno.test("CF2: without a file nothing is configured, and nothing is written; a damaged one is kept", () =>
  atHome(async (run, home) => {
    equal((await run("mcp", "list", "--json")).stdout, "[]\n");
    const file = join(home, ".config/soloden/isolation_config.json");
    deepEqual([...Deno.readDirSync(home)].filter(({ name }) => name === ".config"), []);
    Deno.mkdirSync(join(home, ".config/soloden"), { recursive: true });
    Deno.writeTextFileSync(file, "{");
    for (const args of [["list"], ["call", "s", "t"], ["remove", "s"], ["serve"]]) {
      const { status, stderr } = await run("mcp", ...args);
      equal(status, 4);
      match(stderr, /^soloden: \/.*isolation_config.json: not JSON: .*\n$/);
    }
    equal(Deno.readTextFileSync(file), "{");
  }));

Deno.test("install: a client's other settings stay, and what is no JSON is left alone", () =>
  atHome(async (run, home) => {
    const file = join(home, ".cursor/mcp.json");
    Deno.mkdirSync(join(home, ".cursor"));
    Deno.writeTextFileSync(file, `{"other":1,"mcpServers":{"mine":{}}}`);
    equal((await run("mcp", "install", "cursor")).status, 0);
    const { other, mcpServers } = JSON.parse(Deno.readTextFileSync(file));
    deepEqual([other, Object.keys(mcpServers)], [1, ["mine", "soloden"]]);
    const { command, args } = mcpServers.soloden;
    deepEqual([command, args.slice(-3)], [Deno.execPath(), ["mcp", "serve", "--stdio"]]);
    match(args.at(-4), /main\.ts$/);
    Deno.writeTextFileSync(file, "// a comment\n{}");
    equal((await run("mcp", "install", "cursor")).status, 4);
    equal(Deno.readTextFileSync(file), "// a comment\n{}");
    match((await run("mcp", "install", "notepad")).stderr, /no client notepad; there are/);
  }));

Deno.test("run: a tool that nobody calls starts, and ends, on spt", async () => {
  deepEqual(await soloden("run", await guest("call", "spt"), "--solo5:quiet"), {
    status: 0,
    stdout: "",
    stderr: "",
  });
});

testUnless(noKvm, "run: a tool that nobody calls starts, and ends, on hvt", async () => {
  const { status, stdout } = await soloden("run", await guest("call", "hvt"), "--solo5:quiet");
  deepEqual([status, stdout], [0, ""]);
});
