/**
 * Calls that fail leave recordings, which are replayed.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { readAudit } from "../../mcp/audit.ts";
import { checkConfig, resolveTool } from "../../mcp/config.ts";
import { Recordings } from "../../mcp/recordings.ts";
import { parseRecording } from "../../tender/record/recording.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { replay } from "../../tender/record/replay.ts";
import { replays } from "../tender/record/recorded.ts";
import { callServer, failure, openWorld, placesIn } from "./world.ts";

const NAMES = ["echo", "leave", "wait", "abort"];

for (const [target, missing] of [["spt", undefined], ["hvt", noKvm]] as const) {
  testUnless(missing, `recordings: each call on ${target} that fails leaves one`, async () => {
    const tool = { built: "any", target, record: "failures" } as const;
    const server = await callServer(NAMES, { ...tool, timeout_secs: 600 });
    server.tools!.wait = { ...server.tools!.wait, timeout_secs: 0.3 };
    await using world = openWorld({ mcp_servers: { s: server } });
    const call = (tool: string) => world.tools.call({ server: "s", tool }, { a: 1 });
    deepEqual((await call("echo")).result, { a: 1 });
    await rejects(call("leave"), failure("crash"));
    await rejects(call("abort"), failure("crash"));
    await rejects(call("wait"), failure("limit"));
    const directory = join(world.places.state, "recordings");
    const kept = [...readAudit(world.places.state)]
      .flatMap((record) => record.event === "call" && record.recording || []);
    deepEqual(
      kept.toSorted(),
      Array.from(Deno.readDirSync(directory), ({ name }) => join(directory, name)).sort(),
    );
    equal(kept.length, 3);
    const [leave, abort, wait] = kept.map((path) => {
      equal(Deno.statSync(path).mode! & 0o777, 0o600);
      return parseRecording(Deno.readFileSync(path), { name: path });
    });
    const text = "";
    await replays(leave!, { times: 10, text, outcome: { kind: "exit", status: 0 } });
    await replays(wait!, { times: 1, text, outcome: { kind: "signal", signal: 9 } });
    equal((await replay(abort!)).kind, "abort");
    equal((await soloden("replay", kept[1]!)).status, 255);
  });
}

Deno.test("recordings: only what is kept stays, and of that the newest", () =>
  inDirectory((directory) => {
    const recordings = new Recordings(directory);
    const write = (keep: boolean) => {
      using recording = recordings.begin("s.t");
      recording.write(Uint8Array.of(1, 2, 3));
      if (keep) recording.keep();
      return recording.path;
    };
    write(false);
    const kept = Array.from({ length: 103 }, () => write(true));
    const left = Array.from(Deno.readDirSync(join(directory, "recordings")), ({ name }) => name);
    equal(left.length, 100);
    ok(left.includes(kept.at(-1)!.split("/").at(-1)!));
    deepEqual(Deno.readFileSync(kept.at(-1)!), Uint8Array.of(1, 2, 3));
  }));

Deno.test("recordings: what cannot be recorded is refused", () => {
  const tools = { t: { record: "failures" } };
  for (const server of [{ persistent: true, tools }, { use_microvm: true, tools }]) {
    const config = checkConfig({ mcp_servers: { s: server } }, { name: "test" });
    const places = { ...placesIn("/"), architecture: "x86_64" };
    let message = "";
    try {
      resolveTool(config, { server: "s", tool: "t" }, places);
    } catch (error) {
      message = (error as Error).message;
    }
    match(message, /^record: only calls with a unikernel of their own/);
  }
});
