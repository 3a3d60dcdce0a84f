/**
 * Snapshots: a program that has initialised, as a unikernel that starts from there.
 */
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { viewOf } from "../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../abi/manifest.ts";
import { MARK_MAGIC, MARK_VERSION, MarkRecord } from "../../abi/snapshot.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import { inspect } from "../../elftool/inspect.ts";
import { readMark } from "../../elftool/snapshot.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { FEATURES } from "../../tender/cpu_features.ts";
import { block } from "../../tender/devices/block/device.ts";
import {
  attachedManifest,
  bind,
  type GuestOptions,
  type TenderTarget,
} from "../../tender/guest.ts";
import { run } from "../../tender/run/event_loop.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { pack } from "../../tender/targets.ts";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { execute, writeProgram } from "../soloden.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

const MEMORY = 16 << 20;

async function load(name: string, target: TenderTarget | "any"): Promise<Unikernel> {
  const bytes = await Deno.readFile(await guest(name, target));
  return parseUnikernel(bytes, { name: `${name}.${target}` });
}

/** What a guest prints, which must end well. */
async function output(unikernel: Unikernel, options: GuestOptions = {}): Promise<string> {
  const { args = [], ...others } = options;
  const decoder = new TextDecoder();
  let text = "";
  const bound = bind(unikernel, { memory: MEMORY, args: ["--solo5:quiet", ...args], ...others });
  const outcome = await run(bound, { console: (bytes) => void (text += decoder.decode(bytes)) });
  deepEqual(outcome, { kind: "exit", status: 0 }, text);
  return text;
}

function taken(unikernel: Unikernel, options: GuestOptions = {}): Promise<Unikernel> {
  return snapshot(bind(unikernel, { memory: MEMORY, args: ["first"], ...options }), {
    console: () => {},
  });
}

/** A test of both targets. */
function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  Deno.test(`snapshot: ${name}, spt`, () => body("spt"));
  kvmTest(`snapshot: ${name}, hvt`, () => body("hvt"));
}

targets("it goes on as a run without one, with arguments of its own", async (target) => {
  const cold = await load("ready", target);
  const warm = await taken(cold);
  for (const args of [[], ["one"], ["one", "two"]]) {
    equal(await output(warm, { args }), await output(cold, { args }));
  }
  equal(await output(warm, { memory: 2 * MEMORY }), await output(cold));
  // The bindings print as much as each start asks for.
  const quiet = await taken(cold, { args: ["--solo5:quiet"] });
  const decoder = new TextDecoder();
  let text = "";
  await run(bind(quiet, { memory: MEMORY }), {
    console: (bytes) => void (text += decoder.decode(bytes)),
  });
  match(text, /Solo5: Memory map: 16 MB addressable:\n.*Solo5: solo5_exit\(0\) called\n$/s);
});

targets("its file is what the unikernel says, and is as protected", async (target) => {
  const warm = await taken(await load("ready", target));
  const again = parseUnikernel(warm.file!, { name: "warm" });
  equal(await output(again), await output(warm));
  ok(warm.segments.every(({ write, execute }) => !(write && execute)));
  const executable = warm.segments.filter(({ execute }) => execute);
  equal(executable.length, 1);
  const inspection = inspect(warm.file!, { name: "warm" });
  ok(inspection.kind === "unikernel");
  equal(inspection.snapshot?.of, `ready.${target}`);
  equal(inspection.snapshot?.memory, MEMORY);
});

targets("one of a snapshot goes on behind the second call", async (target) => {
  const first = await taken(await load("ready", target));
  const second = await taken(first);
  equal(await output(second, { args: ["late"] }), "once more, args 'late'\nstart 1\n");
  ok(second.file!.length < 2 * first.file!.length);
});

for (const from of ["hvt", "spt"] as const) {
  kvmTest(`snapshot: one of a portable unikernel is portable, taken on ${from}`, async (test) => {
    const portable = await load("ready", "any");
    const warm = await taken(await bindTo(portable, from));
    equal(warm.abi.target, "any");
    ok(warm.segments.every(({ start }) => start >= 0x20_0000));
    for (const target of ["hvt", "spt"] as const) {
      await test.step(target, async () => {
        const [started, cold] = [await bindTo(warm, target), await bindTo(portable, target)];
        equal(await output(started, { args: ["x"] }), await output(cold, { args: ["x"] }));
      });
    }
    await test.step("packed", () =>
      inDirectory(async (directory) => {
        const bound = bind(await bindTo(warm, "spt"), { memory: MEMORY, args: ["--solo5:quiet"] });
        const path = join(directory, "packed");
        writeProgram(path, await pack(bound));
        const { status, stdout } = await execute(path, []);
        deepEqual([status, stdout], [0, await output(await bindTo(portable, "spt"))]);
      }));
    await test.step("of that snapshot", async () => {
      const second = await taken(await bindTo(warm, from));
      for (const target of ["hvt", "spt"] as const) {
        equal(await output(await bindTo(second, target)), "once more, args ''\nstart 1\n");
      }
    });
  });
}

targets(
  "a device keeps its handle, and comes back with equal properties",
  (target) =>
    inDirectory(async (directory) => {
      const disk = (name: string, content: string, size = 4096) => {
        const path = join(directory, name);
        Deno.writeTextFileSync(path, content.padEnd(size, content));
        return { storage: block.file(path) };
      };
      const [a, b] = [disk("a", "a"), disk("b", "b")];
      const unikernel = await load("ready_disk", target);
      const warm = await taken(unikernel, { devices: a });
      equal(await output(warm, { devices: a }), "a a\nSUCCESS\n");
      equal(await output(warm, { devices: b }), "a b\nSUCCESS\n");
      const larger = bind(warm, { memory: MEMORY, devices: disk("c", "c", 8192) });
      await rejects(run(larger), {
        message: "device 'storage': its capacity is 8192, and was 4096 when the snapshot was taken",
      });
      await rejects(taken(unikernel, { devices: a, args: ["write"] }), {
        message:
          `ready_disk.${target}: no snapshot: it wrote to device 'storage' before soloden_ready()`,
      });
    }),
);

targets("a guest that ends first gives none", async (target) => {
  await rejects(taken(await load("args", target)), {
    code: "snapshot",
    message: `args.${target}: no snapshot: it ended before soloden_ready(): exit status 0`,
  });
  await rejects(taken(await load("abort", target)), /abort\.\w+: no snapshot: it ended before /);
});

targets("a start with less memory is refused with how much it takes", async (target) => {
  const warm = await taken(await load("ready", target));
  throws(() => bind(warm, { memory: MEMORY / 2 }), /needs 16777216 bytes, and memory is 8388608/);
});

targets("it is not started on a CPU that lacks what its program found", async (target) => {
  const warm = await taken(await load("ready", target));
  deepEqual(warm.snapshot!.cpu, []);
  const asked = { ...warm, snapshot: { ...warm.snapshot!, cpu: ["cx16", "quantum"] } };
  await rejects(run(bind(asked, { memory: MEMORY })), /taken on a CPU with quantum, which/);
  if (target === "spt") await rejects(pack(bind(asked)), /taken on a CPU with quantum, which/);
  const asking = await taken(await load("ready_cpuid", target));
  ok(asking.snapshot!.cpu.length > 0);
  ok(asking.snapshot!.cpu.every((name) => FEATURES.includes(name)));
  await output(asking);
});

targets("its memory is protected as it was", async (target) => {
  const cold = await load("ready_break", target);
  const warm = await taken(cold);
  for (const what of ["text", "rodata", "data", "heap", "stack"]) {
    const [expected, outcome] = await Promise.all(
      [cold, warm].map((unikernel) =>
        run(bind(unikernel, { memory: MEMORY, args: ["--solo5:quiet", what] }), {
          console: () => {},
        })
      ),
    );
    ok(expected?.kind === "fault" && outcome?.kind === "fault", what);
    deepEqual([outcome.fault, outcome.reason], [expected.fault, expected.reason], what);
  }
});

targets("what a start writes is its own", async (target) => {
  const warm = await taken(await load("ready", target));
  const starts = Array.from({ length: 20 }, (_, index) => output(warm, { args: [`${index}`] }));
  for (const [index, text] of (await Promise.all(starts)).entries()) {
    ok(text.includes(`args '${index}'\n`) && text.includes("\nstart 1\n"), text);
  }
});

Deno.test("snapshot: an acquired network comes back with its MAC address, or not at all", () => {
  const manifest = { devices: [{ name: "net0", type: "NET_BASIC" as const }] };
  const device = (mac: number) => ({
    properties: { type: "NET_BASIC" as const, mac: new Uint8Array(6).fill(mac), mtu: 1500 },
  });
  const cold = { unikernel: { manifest } as unknown as Unikernel };
  const fields = ManifestEntry.read(
    viewOf(attachedManifest(cold, [device(1)])),
    ManifestHeader.size + ManifestEntry.size,
  );
  const snapshot = {
    of: "x",
    memory: 0,
    cpu: [],
    devices: new Map([[1, { name: "net0", fields }]]),
  };
  const warm = { unikernel: { manifest, snapshot } as unknown as Unikernel };
  attachedManifest(warm, [device(1)]);
  throws(() => attachedManifest(warm, [device(2)]), {
    code: "device",
    message: "device 'net0': its mac is 02:02:02:02:02:02, and was 01:01:01:01:01:01 when the " +
      "snapshot was taken",
  });
});

Deno.test("snapshot: a guest whose record is none, or elsewhere, is not at its mark", () => {
  const bytes = MarkRecord.encode({ magic: MARK_MAGIC, version: MARK_VERSION, stack: 0x20_0000 });
  ok(readMark(bytes, 0x20_0000) !== undefined);
  equal(readMark(bytes, 0x20_0040), undefined);
  equal(readMark(bytes.subarray(1), 0x20_0000), undefined);
  for (const wrong of [{ magic: MARK_MAGIC + 1n }, { version: MARK_VERSION + 1n }]) {
    const record = { magic: MARK_MAGIC, version: MARK_VERSION, stack: 0x20_0000, ...wrong };
    equal(readMark(MarkRecord.encode(record), 0x20_0000), undefined);
  }
});
