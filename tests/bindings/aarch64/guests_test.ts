/**
 * Guests for aarch64, run on an emulated CPU: start-up, thread-local storage, clocks, devices, traps
 * and every other end, on both targets.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bindingsImage } from "../../../bindings/bindings_image.ts";
import { MarkRecord } from "../../../abi/snapshot.ts";
import { encodeManifest } from "../../../elftool/manifest.ts";
import { readMark, SnapshotMemory, writeSnapshot } from "../../../elftool/snapshot.ts";
import { inDirectory } from "../../in_directory.ts";
import { linkPortable } from "../../../elftool/link_portable.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { describe, statusOf } from "../../../tender/outcome.ts";
import { example, guest } from "../../guests.ts";
import { socketPair } from "../../tender/devices/socket_pair.ts";
import { withImage } from "../../tender/hvt/device_guests.ts";
import { emulatedTest } from "./available.ts";
import { run } from "./run.ts";

type End = readonly [name: string, args: string[], status: number, output: RegExp];

/** What a trap on hvt says of itself; the syndrome's class comes first. */
function trap(type: string, syndrome: string): RegExp {
  return new RegExp(
    `ing\\nSolo5: trap: type=${type} esr=0x${syndrome} pc=0x10[0-9a-f]{4} sp=0x[0-9a-f]+ ` +
      `pstate=0x[0-9a-f]+3c5\\n(Solo5: trap: far=0x[0-9a-f]+\\n)?Solo5: ABORT: Fatal trap\\n$`,
  );
}

const EVERYWHERE: readonly End[] = [
  ["globals", [], 0, /\nSUCCESS\nSolo5: solo5_exit\(0\) called\n$/],
  ["tls", [], 0, /\nSUCCESS\n/],
  ["cpu", [], 0, /\nSUCCESS\n/],
  ["fpu", [], 0, /\nSUCCESS\n/],
  ["time", [], 0, /\nSUCCESS\n/],
  ["output", [], 0, /\nx{4095}\nSUCCESS\n/],
  ["debug", [], 0, /\nworking\nSUCCESS\n/],
  ["args", ["--solo5:quiet", "Hello", "two words", ""], 0, /^\[Hello two words \]\nSUCCESS\n$/],
  ["quiet", ["--solo5:quiet"], 0, /^SUCCESS\n$/],
  ["exit_code", ["--solo5:quiet", "0"], 0, /^$/],
  ["exit_code", ["--solo5:quiet", "254"], 254, /^$/],
  ["abort", [], 255, /Solo5: solo5_abort\(\) called\n$/],
  ["ssp", [], 255, /\nsmashing\nSolo5: ABORT: Stack corruption detected\n$/],
];

const ON_HVT: readonly End[] = [
  ["null_read", [], 255, trap("data-abort", "96000007")],
  ["exec_data", [], 255, trap("instruction-abort", "8600000f")],
  ["undefined", [], 255, trap("undefined-instruction", "2000000")],
  ["forbidden_syscall", [], 255, trap("supervisor-call", "56000000")],
  ["broken_stack", [], 255, / esr=0x96000047 .* sp=0x8000 .*\nSolo5: trap: far=0x7ff0\n/],
  ["write_text", [], 1, /\nwriting\n$/],
  ["write_rodata", [], 1, /\nwriting\n$/],
  ["bad_address", [], 1, /\ncalling\n$/],
];

const ON_SPT: readonly End[] = [
  ["null_read", [], 139, /\nreading\n$/],
  ["exec_data", [], 139, /\ncalling\n$/],
  ["write_text", [], 139, /\nwriting\n$/],
  ["write_rodata", [], 139, /\nwriting\n$/],
  ["undefined", [], 132, /\ntrapping\n$/],
  ["forbidden_syscall", [], 159, /\ncalling\n$/],
];

for (const target of ["hvt", "spt"] as const) {
  const ends = [...EVERYWHERE, ...target === "hvt" ? ON_HVT : ON_SPT];
  for (const [name, args, status, expected] of ends) {
    emulatedTest(
      `${[`aarch64 ${target}:`, name, ...args].join(" ")} ends with ${status}`,
      async (toolchain) => {
        const { outcome, output } = run(await guest(name, target, { toolchain }), { args });
        assert.match(output, expected, describe(outcome));
        assert.equal(statusOf(outcome), status, describe(outcome));
      },
    );
  }

  emulatedTest(
    `aarch64 ${target}: guests that were built for any target end as those that were built for it`,
    async (toolchain) => {
      const image = await bindingsImage(target, "aarch64");
      const directory = Deno.makeTempDirSync();
      try {
        for (const name of ["tls", "ssp", "time", "args", "exit_code", "undefined"]) {
          const portable = Deno.readFileSync(await guest(name, "any", { toolchain }));
          const path = join(directory, `${name}.${target}`);
          Deno.writeFileSync(path, linkPortable(portable, image, { name }));
          const args = ["--solo5:quiet", "7"];
          const [linked, built] = [path, await guest(name, target, { toolchain })].map((path) => {
            const { outcome, output } = run(path, { args });
            return [statusOf(outcome), output.replaceAll(/0x[0-9a-f]+/g, "0x")];
          });
          assert.deepEqual(linked, built, name);
        }
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    },
  );

  emulatedTest(`aarch64 ${target}: a snapshot goes on as a cold run`, async (toolchain) => {
    const file = await guest("ready", target, { toolchain });
    const taken: Uint8Array[] = [];
    const cold = run(file, {
      args: ["--solo5:quiet", "one"],
      empty(address, memory) {
        const mark = readMark(memory.subarray(address, address + MarkRecord.size), address);
        if (mark === undefined) return;
        const content = new SnapshotMemory();
        content.add(0, memory);
        taken.push(writeSnapshot({
          file: Deno.readFileSync(file),
          of: "ready",
          content,
          record: address,
          acquired: mark.acquired,
          memory: 8 << 20,
          manifest: encodeManifest({ devices: [] }),
          cpu: [],
        }));
      },
    });
    assert.equal(taken.length, 2);
    await inDirectory((directory) => {
      const path = join(directory, "warm");
      for (
        const [index, expected] of [cold.output, /^once more, args 'one'\nstart 1\n$/].entries()
      ) {
        Deno.writeFileSync(path, taken[index]!);
        const { outcome, output } = run(path, { args: ["--solo5:quiet", "one"] });
        assert.deepEqual(outcome, { kind: "exit", status: 0 }, describe(outcome));
        if (typeof expected === "string") assert.equal(output, expected);
        else assert.match(output, expected);
      }
    });
  });

  emulatedTest(`aarch64 ${target}: the example says hello`, async (toolchain) => {
    const path = await example("hello", target, { toolchain });
    const { output } = run(path, { args: ["--solo5:quiet", "Hello"] });
    assert.match(output, /^Hello .*\nCommand line: 'Hello'\n$/);
  });

  emulatedTest(
    `aarch64 ${target}: blocks are written and read where they belong`,
    async (toolchain) => {
      await withImage(16 * 512, async (path) => {
        const devices = { storage: block.file(path) };
        assert.match(
          run(await guest("block", target, { toolchain }), { devices }).output,
          /\nSUCCESS\n/,
        );
        const written = Deno.readFileSync(path);
        assert.deepEqual([written[0], written.at(-1), written[512]], [0xa5, 0x5a, 0]);
      });
    },
  );

  emulatedTest(
    `aarch64 ${target}: frames come back, and waiting ends when one has come`,
    async (toolchain) => {
      const path = await guest("net", target, { toolchain });
      using pair = socketPair();
      for (let mark = 1; mark <= 3; mark++) {
        pair.send(Uint8Array.from({ length: 60 + mark }, (_, at) => at === 59 ? mark : at));
      }
      pair.send(new Uint8Array(15).fill("q".charCodeAt(0), 14));
      const devices = { service: net.fd(pair.guest) };
      assert.match(run(path, { devices }).output, /\nready\nSUCCESS\n/);
      for (let mark = 1; mark <= 3; mark++) {
        const back = pair.receive()!;
        assert.deepEqual([back.length, back[59], back[0], back[6]], [60 + mark, mark, 6, 0]);
      }
      assert.equal(pair.receive(), undefined);
    },
  );

  emulatedTest(
    `aarch64 ${target}: two networks that are ready at once are both told of`,
    async (toolchain) => {
      const path = await guest("bridge", target, { toolchain });
      using left = socketPair();
      using right = socketPair();
      const frame = (mark: number) => new Uint8Array(60).fill(mark);
      left.send(frame(1));
      left.send(frame(2));
      right.send(frame(3));
      right.send(new Uint8Array(15).fill("q".charCodeAt(0), 14));
      const devices = { left: net.fd(left.guest), right: net.fd(right.guest) };
      assert.match(run(path, { devices }).output, /\nready\nSUCCESS\n/);
      assert.deepEqual([right.receive(), right.receive(), left.receive()], [1, 2, 3].map(frame));
    },
  );
}
