/** Streams of adopted programs: devices of the network kind as files, and standard input. */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { Manifest } from "../../abi/manifest.ts";
import { adopt } from "../../bindings/adopt.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import { Channel } from "../../mcp/channel.ts";
import { bind, block, net, parseUnikernel, run, type TenderTarget } from "../../mod.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { execute, type Result, ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";

/** A portable unikernel of the program that writes what it reads. */
async function echo(directory: string, manifest: Manifest): Promise<Uint8Array<ArrayBuffer>> {
  const source = Deno.readTextFileSync(join(ROOT, "tests/programs/echo.c"));
  const flags = ["-O2", "-static", "-mgeneral-regs-only", "-D_GNU_SOURCE"];
  const path = compile(directory, { name: "echo.c", source, compiler: "musl-gcc", flags });
  return await adopt(Deno.readFileSync(path), { name: "echo", manifest });
}

/** A test of both targets. */
function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  for (const target of ["spt", "hvt"] as const) {
    const missing = cannotRun("musl-gcc") ?? (target === "hvt" ? noKvm : undefined);
    testUnless(missing, `${name}, ${target}`, () => body(target));
  }
}

targets(
  "adopt: a network device is a stream each way, whole and in order, however it is cut",
  (target) =>
    inDirectory(async (directory) => {
      const manifest: Manifest = { devices: [{ name: "call", type: "NET_BASIC" }] };
      const bytes = await echo(directory, manifest);
      const unikernel = await bindTo(parseUnikernel(bytes, { name: "echo" }), target);
      const pieces = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(pieces, async (sizes) => {
          const [device, port] = net.pair({ mtu: 65_535 });
          const ended = run(
            bind(unikernel, {
              memory: "16 MiB",
              args: ["--solo5:quiet", "/dev/call"],
              devices: { call: device },
            }),
            { console: () => {} },
          );
          const channel = new Channel(port);
          const sent = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const received: number[] = [];
          const reading = (async () => {
            for await (const piece of channel) {
              received.push(...piece);
              if (received.length === total) break;
            }
          })();
          for (const part of sent) await channel.write(part);
          await reading;
          await port.close();
          deepEqual(received, sent.flatMap((part) => [...part]));
          deepEqual(await ended, { kind: "exit", status: 0 });
        }),
        { numRuns: 5 },
      );
    }),
);

/** Runs the command with an input. */
function soloden(args: readonly string[], input: string): Promise<Result> {
  const command = ["run", "-A", "--no-check", join(ROOT, "main.ts"), ...args];
  return execute(Deno.execPath(), command, { input });
}

for (const type of ["NET_BASIC", "BLOCK_BASIC"] as const) {
  targets(
    `run: a device named stdin, ${type}, is standard input up to its end`,
    (target) =>
      inDirectory(async (directory) => {
        const path = join(directory, "echo.solo5");
        const warm = join(directory, "warm.solo5");
        const manifest: Manifest = { devices: [{ name: "stdin", type }] };
        Deno.writeFileSync(path, await echo(directory, manifest));
        const options = [`--target=${target}`, "--mem=16"];
        const taken = ["snapshot", ...options, "-o", warm, path, "--solo5:quiet"];
        equal((await soloden(taken, "not for the snapshot")).stderr, "");
        const inputs = ["", "hi\n", "0123456789abcdef".repeat(target === "hvt" ? 300 : 30_000)];
        for (const file of [path, warm]) {
          for (const input of inputs) {
            const ended = await soloden(["run", ...options, file, "--solo5:quiet"], input);
            deepEqual([ended.status, ended.stdout], [0, input], ended.stderr);
          }
        }
      }),
  );
}

targets(
  "run: a disk with ,input is a file of any length, and of the library's inputs, too",
  (target) =>
    inDirectory(async (directory) => {
      const path = join(directory, "echo.solo5");
      const manifest: Manifest = { devices: [{ name: "given", type: "BLOCK_BASIC" }] };
      const bytes = await echo(directory, manifest);
      Deno.writeFileSync(path, bytes);
      const input = join(directory, "input");
      const args = ["/dev/given", "/dev/stdout"];
      const unikernel = await bindTo(parseUnikernel(bytes, { name: "echo" }), target);
      for (const content of ["", "one", "0123456789abcdef".repeat(32), "x".repeat(513)]) {
        Deno.writeTextFileSync(input, content);
        const option = `--block:given=${input},input`;
        const words = ["run", `--target=${target}`, "--mem=16", option, path, "--solo5:quiet"];
        const ended = await soloden([...words, ...args], "");
        deepEqual([ended.status, ended.stdout], [0, content], ended.stderr);
        using device = block.input(new TextEncoder().encode(content));
        const guest = bind(unikernel, {
          memory: "16 MiB",
          args: ["--solo5:quiet", ...args],
          devices: { given: device },
        });
        let output = "";
        const take = (bytes: Uint8Array) => void (output += new TextDecoder().decode(bytes));
        deepEqual(await run(guest, { console: take }), { kind: "exit", status: 0 });
        equal(output, content);
      }
    }),
);
