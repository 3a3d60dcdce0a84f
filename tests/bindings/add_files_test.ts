/** Files that are added to a unikernel which exists already. */
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { adopt } from "../../bindings/adopt.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import {
  addFiles,
  bind,
  parseUnikernel,
  type RootFile,
  snapshot,
  type Unikernel,
} from "../../mod.ts";
import { record } from "../../tender/record/replay.ts";
import { pack } from "../../tender/targets.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { execute, writeProgram } from "../soloden.ts";
import { printing, replays } from "../tender/record/recorded.ts";
import { runAdopted } from "./adopted.ts";

const MEMORY = "16 MiB";
const ROOM = 0x2000;

const ROOT: readonly RootFile[] = [file("/app/text", "of the image"), file("/app/other", "")];
const ADDED: readonly RootFile[] = [file("/app/text", "added"), file("/app/new/one", "1")];

function file(path: string, text: string): RootFile {
  return { path, type: "file", mode: 0o644, mtime: 0, content: new TextEncoder().encode(text) };
}

async function program(directory: string, room?: number): Promise<Unikernel> {
  const source = Deno.readTextFileSync(join(import.meta.dirname!, "../programs/late.c"));
  const flags = ["-O2", "-static", "-mgeneral-regs-only", "-D_GNU_SOURCE"];
  const path = compile(directory, { name: "late.c", source, compiler: "musl-gcc", flags });
  const bytes = await adopt(Deno.readFileSync(path), { name: "late", root: ROOT, room });
  return await bindTo(parseUnikernel(bytes, { name: "late.solo5" }), "spt");
}

function lines(output: string): string[] {
  return output.trimEnd().split("\n");
}

testUnless(
  cannotRun("musl-gcc"),
  "addFiles: a program finds the files behind its mark, in place of those with their names",
  () =>
    inDirectory(async (directory) => {
      const cold = await program(directory, ROOM);
      const plain = await runAdopted(cold, { memory: MEMORY });
      deepEqual(lines(plain.output), [
        "before: of the image",
        "behind: of the image",
        "text",
        "other",
      ]);
      const added = addFiles(cold, ADDED, { name: "files" });
      const { output } = await runAdopted(added, { memory: MEMORY });
      deepEqual(lines(output), ["before: of the image", "behind: added", "other", "text", "new"]);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "addFiles: one snapshot serves any files, and is packed with them",
  () =>
    inDirectory(async (directory) => {
      const cold = await program(directory, ROOM);
      const guest = bind(cold, { memory: MEMORY, args: ["--solo5:quiet"] });
      const warm = await snapshot(guest, { console: () => {} });
      for (const text of ["one", "another"]) {
        const more = addFiles(warm, [file("/app/text", text)], { name: "files" });
        const full = await bindTo(more, "spt");
        const path = join(directory, text);
        writeProgram(path, await pack(bind(full, { memory: MEMORY, args: ["--solo5:quiet"] })));
        const { status, stdout } = await execute(path, []);
        equal(status, 0);
        deepEqual(lines(stdout), [`behind: ${text}`, "other", "text"]);
      }
      const { output } = await runAdopted(await bindTo(warm, "spt"), { memory: MEMORY });
      deepEqual(lines(output), ["behind: of the image", "text", "other"]);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "addFiles: a recording has the files, before bindings are put under the unikernel or after",
  () =>
    inDirectory(async (directory) => {
      const cold = await program(directory, ROOM);
      const args = ["--solo5:quiet"];
      const warm = await snapshot(bind(cold, { memory: MEMORY, args }), { console: () => {} });
      const files = [file("/app/text", "late")];
      for (
        const unikernel of [
          addFiles(await bindTo(warm, "spt"), files, { name: "files" }),
          await bindTo(addFiles(warm, files, { name: "files" }), "spt"),
        ]
      ) {
        const said = printing();
        const guest = bind(unikernel, { memory: MEMORY, args });
        const { outcome, recording } = await record(guest, { console: said.console });
        deepEqual(lines(said.text()), ["behind: late", "other", "text"]);
        await replays(recording, { times: 2, text: said.text(), outcome });
      }
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "addFiles: refuses what is too much, and unikernels without room",
  () =>
    inDirectory(async (directory) => {
      const cold = await program(directory, ROOM);
      const large = { ...file("/large", ""), content: new Uint8Array(ROOM) };
      throws(() => addFiles(cold, [large], { name: "files" }), {
        code: "root",
        message: /^files: \d+ bytes of files, and there is room for 8192$/,
      });
      throws(() => addFiles(cold, [file("/../x", "")], { name: "files" }), {
        message: "files: /../x: leads out of the root",
      });
      await rejects(
        async () => addFiles(await program(directory), ADDED, { name: "files" }),
        { code: "root", message: "late.solo5: was made without room for more files" },
      );
    }),
);
