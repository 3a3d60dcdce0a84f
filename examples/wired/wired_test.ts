/**
 * A system of two unikernels, tested in one process: no root, no interface of the host, no ports.
 *
 *     deno test -A examples/wired/wired_test.ts
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import {
  bind,
  build,
  net,
  type NetPort,
  parseUnikernel,
  type RunningGuest,
  spawn,
} from "../../mod.ts";

/** Builds one of the programs of this directory. */
async function program(name: string) {
  const here = import.meta.dirname!;
  const directory = await Deno.makeTempDir();
  try {
    const output = join(directory, `${name}.spt`);
    const manifest = join(here, "manifest.json");
    await build({ sources: [join(here, `${name}.c`)], manifest, targets: ["spt"], output });
    return parseUnikernel(await Deno.readFile(output), { name });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const [upper, ask] = await Promise.all([program("upper"), program("ask")]);

function start(unikernel: typeof upper, service: NetPort, question = ""): RunningGuest {
  const args = ["--solo5:quiet", question];
  return spawn(bind(unikernel, { memory: "4 MiB", args, devices: { service } }));
}

Deno.test("a client gets its answer from the service", async () => {
  const [left, right] = net.pair();
  await using service = start(upper, left);
  await using client = start(ask, right, "is anybody there?");
  equal(await new Response(client.console).text(), "IS ANYBODY THERE?\n");
  await service.console.cancel();
  // It ends because its network is gone.
  deepEqual(await service.outcome, { kind: "exit", status: 0 });
});

Deno.test("the service changes nothing but small letters", async () => {
  const [left, mine] = net.pair();
  await using service = start(upper, left);
  const [to, from, rest] = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12], [0x88, 0xb5]];
  const text = (text: string) => new TextEncoder().encode(text);
  await mine.send(Uint8Array.from([...to, ...from, ...rest, ...text("aZ09 ü{")]));
  const answer = await mine.receive();
  deepEqual(answer, Uint8Array.from([...from, ...to, ...rest, ...text("AZ09 ü{")]));
  await mine.close();
  await service.console.cancel();
  deepEqual(await service.outcome, { kind: "exit", status: 0 });
});

Deno.test("two clients and a service on one hub", async () => {
  await using hub = net.hub();
  await using service = start(upper, hub.port());
  await using monitor = hub.port();
  // The service is there once it answers.
  const probe = new Uint8Array(60);
  await monitor.send(probe);
  deepEqual(await monitor.receive(), probe);
  for (const word of ["one", "two"]) {
    await using client = start(ask, hub.port(), word);
    equal(await new Response(client.console).text(), `${word.toUpperCase()}\n`);
    const seen = [await monitor.receive(), await monitor.receive()];
    deepEqual(seen.map((frame) => new TextDecoder().decode(frame!.subarray(14, 17))), [
      word,
      word.toUpperCase(),
    ]);
  }
  await service.console.cancel();
});
