/**
 * New projects in editors and their languages' own tools: these report nothing, and everything that the
 * modules of a project offer works.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { build } from "../../bindings/command.ts";
import type { Language } from "../../bindings/templates/language.ts";
import { makeProject } from "../../bindings/templates/project.ts";
import {
  bind,
  bindTo,
  block,
  type Guest,
  net,
  type Outcome,
  pack,
  parseUnikernel,
  run,
  type Unikernel,
} from "../../mod.ts";
import { stepUnless, testUnless } from "../needs.ts";
import { execute, type ExecuteOptions, writeProgram } from "../soloden.ts";
import { socketPair } from "../tender/devices/socket_pair.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { noQemu } from "../tender/virtio/qemu_machine.ts";
import { outputOf, withFiles } from "./scratch.ts";

/** Makes a project, with a file of it replaced where one is given, and removes it again. */
async function inProject(
  language: Language,
  test: (where: ExecuteOptions & { readonly cwd: string }) => Promise<void>,
  replaced: Record<string, string> = {},
): Promise<void> {
  const files = { ...Object.fromEntries(makeProject("try-it", language).files), ...replaced };
  const env = { CARGO_NET_OFFLINE: "true", CARGO_TARGET_DIR: "target" };
  await withFiles(files, (cwd) => test({ cwd, env }));
}

/** A test that needs a program. */
function testWith(
  program: readonly string[],
  name: string,
  fn: (test: Deno.TestContext) => Promise<void>,
): void {
  const isThere = outputOf(program[0]!, ...program.slice(1)) ?? "";
  testUnless(isThere === "" ? `there is no ${program[0]}` : undefined, name, fn);
}

testWith(
  ["clangd", "--version"],
  "clangd has nothing to say of a new project in C",
  () =>
    inProject("c", async (where) => {
      const { status, stderr } = await execute("clangd", ["--check=try-it.c"], where);
      equal(status, 0, stderr);
      match(stderr, /All checks completed, 0 errors\n$/);
      match(stderr, /Loaded compilation database from .*compile_flags\.txt/);
    }),
);

const CARGO = ["cargo", "clippy", "--version"];

testWith(
  CARGO,
  "cargo checks, lints and formats a new project without a word",
  () =>
    inProject("rust", async (where) => {
      const commands = [
        ["check", "--all-targets", "--quiet"],
        ["clippy", "--all-targets", "--quiet", "--", "--deny=warnings"],
        ["fmt", "--check"],
        ["test", "--quiet"],
      ];
      for (const words of commands) {
        const result = await execute("cargo", words, where);
        deepEqual(result, { status: 0, stdout: "", stderr: "" }, words.join(" "));
      }
    }),
);

const DEVICES = JSON.stringify({
  type: "solo5.manifest",
  version: 1,
  devices: [{ name: "storage", type: "BLOCK_BASIC" }, { name: "service", type: "NET_BASIC" }],
});

function guestSource(name: string): string {
  return Deno.readTextFileSync(join(import.meta.dirname!, "../guests/languages", name));
}

/**
 * What runs a guest to its end: its outcome, and what it printed.
 *
 * @param begun to be called when it has printed something: QEMU loses what comes before it is there
 */
type Runner = (
  guest: Guest,
  options: { directory: string; begun: () => void },
) => Promise<[Outcome, string]>;

const onTarget: Runner = async (guest, { begun }) => {
  let said = "";
  const decoder = new TextDecoder();
  const console = (bytes: Uint8Array) => {
    begun();
    said += decoder.decode(bytes);
  };
  return [await run(guest, { console, emulator: "qemu", limits: { timeout: 60_000 } }), said];
};

const packed: Runner = async (guest, { directory, begun }) => {
  const path = join(directory, "packed");
  writeProgram(path, await pack(guest));
  begun();
  const { status, stdout, stderr } = await execute(path, []);
  return [{ kind: "exit", status }, stdout + stderr];
};

/** What came of a guest that uses each device once. */
interface Used {
  readonly outcome: Outcome;
  readonly said: string;
  /** The frame that it sent. */
  readonly frame: Uint8Array | undefined;
  /** What it wrote. */
  readonly block: Uint8Array;
}

async function useDevices(
  unikernel: Unikernel,
  { directory, args = ["a", "b"], runner = onTarget }: {
    directory: string;
    args?: readonly string[];
    runner?: Runner;
  },
): Promise<Used> {
  const disk = join(directory, "disk");
  Deno.writeFileSync(disk, Uint8Array.from({ length: 1024 }, (_, at) => at < 512 ? at : 0));
  // QEMU takes no sockets that tell when the other end is closed.
  using pair = socketPair({ datagrams: true });
  let sent = false;
  const begun = () => {
    if (!sent) pair.send(Uint8Array.from({ length: 60 }, (_, at) => at));
    sent = true;
  };
  const guest = bind(unikernel, {
    memory: "14 MiB",
    args: ["--solo5:quiet", ...args],
    devices: {
      storage: block.file(disk),
      service: net.fd(pair.guest, { mac: "02:00:00:00:00:07" }),
    },
  });
  const [outcome, said] = await runner(guest, { directory, begun });
  return { outcome, said, frame: pair.receive(), block: Deno.readFileSync(disk).subarray(512) };
}

/** Looks at what a guest did with its devices. */
function check(used: Used): void {
  deepEqual(used, {
    outcome: { kind: "exit", status: 0 },
    said: "ready\n",
    frame: Uint8Array.from({ length: 60 }, (_, at) => 59 - at),
    block: Uint8Array.from({ length: 512 }, (_, at) => 511 - at),
  });
}

/** Builds a guest for spt and as a portable one, and runs the latter wherever it can run. */
async function tryGuest(
  sources: readonly string[],
  { directory, test }: { directory: string; test: Deno.TestContext },
): Promise<void> {
  const manifest = join(directory, "manifest.json");
  const output = join(directory, "try-it");
  const paths = await build({ sources, manifest, output, targets: ["spt", "any"] });
  const [spt, any] = paths.map((path) => parseUnikernel(Deno.readFileSync(path), { name: path }));
  check(await useDevices(spt!, { directory }));
  const bound = await bindTo(any!, "spt");
  await test.step("portable, on spt", async () => check(await useDevices(bound, { directory })));
  await test.step("portable, packed", async () =>
    check(await useDevices(bound, { directory, runner: packed })));
  // A KVM that emulates its CPU takes microseconds for an instruction, and knows none of vectors.
  const few = { directory, args: ["devices"] };
  const onHvt = noKvm === undefined ? await useDevices(await bindTo(any!, "hvt"), few) : undefined;
  await stepUnless(noKvm ?? emulationFault(onHvt!.outcome), test, {
    name: "portable, on hvt",
    fn: () => check(onHvt!),
  });
  await stepUnless(noQemu, test, {
    name: "portable, on virtio",
    fn: async () => check(await useDevices(await bindTo(any!, "virtio"), few)),
  });
}

/** What this host's KVM does not emulate; undefined if a guest ended otherwise. */
function emulationFault(outcome: Outcome): string | undefined {
  return outcome.kind === "fault" && outcome.reason === "emulation" ? outcome.message : undefined;
}

for (const profile of ["dev", "release"]) {
  testWith(
    CARGO,
    `a ${profile} build in Rust: devices, clocks and the allocator`,
    (test) =>
      inProject("rust", async (where) => {
        const { status, stderr } = await execute("cargo", ["build", "--profile", profile], where);
        equal(status, 0, stderr);
        const built = join(where.cwd, "target", profile === "dev" ? "debug" : profile);
        await tryGuest([join(built, "libtry_it.a")], { directory: where.cwd, test });
      }, { "src/lib.rs": guestSource("devices.rs"), "manifest.json": DEVICES }),
  );
}

testWith(
  ["zig", "version"],
  "a build in Zig: devices, clocks and the allocator",
  (test) =>
    inProject("zig", async (where) => {
      for (const mode of ["Debug", "ReleaseSmall"]) {
        const words = ["-target", "x86_64-freestanding", "-fno-PIC", "-fcompiler-rt", "-O", mode];
        const built = await execute("zig", ["build-obj", ...words, "try-it.zig"], where);
        equal(built.status, 0, built.stderr);
        await tryGuest([join(where.cwd, "try-it.o")], { directory: where.cwd, test });
      }
      const formatted = await execute("zig", ["fmt", "--check", "."], where);
      deepEqual(formatted, { status: 0, stdout: "", stderr: "" });
    }, { "try-it.zig": guestSource("devices.zig"), "manifest.json": DEVICES }),
);
