/**
 * New projects in editors and their languages' own tools: these report nothing, and everything that the
 * modules of a project offer works.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { build } from "../../bindings/command.ts";
import type { Language } from "../../bindings/templates/language.ts";
import { makeProject } from "../../bindings/templates/project.ts";
import { bind, bindTo, block, net, parseUnikernel, run, type Unikernel } from "../../mod.ts";
import { testUnless } from "../needs.ts";
import { execute, type ExecuteOptions } from "../soloden.ts";
import { nextFrame, socketPair } from "../tender/devices/socket_pair.ts";
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
function testWith(program: readonly string[], name: string, fn: () => Promise<void>): void {
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

/** Runs a guest that uses each device once, and looks at what it did with them. */
async function useDevices(unikernel: Unikernel, disk: string): Promise<void> {
  Deno.writeFileSync(disk, Uint8Array.from({ length: 1024 }, (_, at) => at < 512 ? at : 0));
  using pair = socketPair();
  pair.send(Uint8Array.from({ length: 60 }, (_, at) => at));
  const guest = bind(unikernel, {
    memory: "14 MiB",
    args: ["--solo5:quiet", "a", "b"],
    devices: {
      storage: block.file(disk),
      service: net.fd(pair.guest, { mac: "02:00:00:00:00:07" }),
    },
  });
  let said = "";
  const decoder = new TextDecoder();
  const outcome = await run(guest, { console: (bytes) => void (said += decoder.decode(bytes)) });
  deepEqual([outcome, said], [{ kind: "exit", status: 0 }, ""]);
  deepEqual([...await nextFrame(pair)], Array.from({ length: 60 }, (_, at) => 59 - at));
  const written = Deno.readFileSync(disk).subarray(512);
  deepEqual([...written], Array.from({ length: 512 }, (_, at) => 511 - at & 0xff));
}

/** Builds a guest for spt and as a portable one, and runs both there. */
async function tryGuest(sources: readonly string[], directory: string): Promise<void> {
  const manifest = join(directory, "manifest.json");
  const output = join(directory, "try-it");
  const paths = await build({ sources, manifest, output, targets: ["spt", "any"] });
  const [spt, any] = paths.map((path) => parseUnikernel(Deno.readFileSync(path), { name: path }));
  for (const unikernel of [spt!, await bindTo(any!, "spt")]) {
    await useDevices(unikernel, join(directory, "disk"));
  }
}

for (const profile of ["dev", "release"]) {
  testWith(
    CARGO,
    `a ${profile} build in Rust: devices, clocks and the allocator`,
    () =>
      inProject("rust", async (where) => {
        const { status, stderr } = await execute("cargo", ["build", "--profile", profile], where);
        equal(status, 0, stderr);
        const directory = join(where.cwd, "target", profile === "dev" ? "debug" : profile);
        const sources = [join(directory, "libtry_it.a")];
        await tryGuest(sources, where.cwd);
      }, { "src/lib.rs": guestSource("devices.rs"), "manifest.json": DEVICES }),
  );
}

testWith(
  ["zig", "version"],
  "a build in Zig: devices, clocks and the allocator",
  () =>
    inProject("zig", async (where) => {
      for (const mode of ["Debug", "ReleaseSmall"]) {
        const words = ["-target", "x86_64-freestanding", "-fno-PIC", "-fcompiler-rt", "-O", mode];
        const built = await execute("zig", ["build-obj", ...words, "try-it.zig"], where);
        equal(built.status, 0, built.stderr);
        await tryGuest([join(where.cwd, "try-it.o")], where.cwd);
      }
      const formatted = await execute("zig", ["fmt", "--check", "."], where);
      deepEqual(formatted, { status: 0, stdout: "", stderr: "" });
    }, { "try-it.zig": guestSource("devices.zig"), "manifest.json": DEVICES }),
);
