/** Snapshots of adopted programs: the mark is that the program opens `/dev/soloden/ready`. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { adopt } from "../../bindings/adopt.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import { bind, parseUnikernel, snapshot, type TenderTarget, type Unikernel } from "../../mod.ts";
import { pack } from "../../tender/targets.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { execute, writeProgram } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { runAdopted } from "./adopted.ts";

const MEMORY = "16 MiB";

/** A portable unikernel of the program that says when it is ready. */
async function program(directory: string): Promise<Unikernel> {
  const source = Deno.readTextFileSync(join(import.meta.dirname!, "../programs/warm.c"));
  const flags = ["-O2", "-static", "-mgeneral-regs-only", "-D_GNU_SOURCE"];
  const path = compile(directory, { name: "warm.c", source, compiler: "musl-gcc", flags });
  const bytes = await adopt(Deno.readFileSync(path), { name: "warm", environment: { A: "b" } });
  return parseUnikernel(bytes, { name: "warm.solo5" });
}

async function warm(unikernel: Unikernel, target: TenderTarget): Promise<Unikernel> {
  const args = ["--solo5:quiet", "first"];
  const guest = bind(await bindTo(unikernel, target), { memory: MEMORY, args });
  return await snapshot(guest, { console: () => {} });
}

/** What a start prints: all but the time, which must be its own, and a random number; and that. */
async function started(
  unikernel: Unikernel,
  { target, args = [] }: { target: TenderTarget; args?: readonly string[] },
): Promise<{ lines: string[]; random: string }> {
  const begun = Date.now();
  const ended = await runAdopted(await bindTo(unikernel, target), { args, memory: MEMORY });
  equal(ended.status, 44);
  const lines = ended.output.trimEnd().split("\n");
  const random = lines.pop()!;
  const time = parseInt(lines.pop()!, 16);
  ok(begun <= time && time <= Date.now(), `${time} is before ${begun}`);
  return { random, lines };
}

for (const from of ["spt", "hvt"] as const) {
  testUnless(
    cannotRun("musl-gcc") ?? (from === "hvt" ? noKvm : undefined),
    `adopt: a program goes on from its mark with what each start has anew, taken on ${from}`,
    () =>
      inDirectory(async (directory) => {
        const cold = await program(directory);
        const clone = await warm(cold, from);
        equal(clone.abi.target, "any");
        const text = new TextDecoder("latin1").decode(clone.file!);
        ok(!text.includes("of beforea secret"), "what was freed is not in the file");
        const seen = new Set<string>();
        for (const target of ["spt", from]) {
          const args = ["--soloden:env=X=a value", "--soloden:env=A=of the start", "one", "a 'b'"];
          const { lines, random } = await started(clone, { target: target as TenderTarget, args });
          deepEqual(lines, [
            "warm",
            "one",
            "a 'b'",
            "X=a value",
            "A=of the start",
            "written before",
          ]);
          const again = await started(clone, { target: target as TenderTarget });
          deepEqual(again.lines, ["warm", "A=b", "written before"]);
          match(random, /^[0-9a-f]{16}$/);
          notEqual(random, again.random);
          seen.add(random).add(again.random);
        }
        equal(seen.size, 4);
      }),
  );
}

testUnless(
  cannotRun("musl-gcc"),
  "adopt: without a snapshot a mark does nothing; a snapshot of a program is packed",
  () =>
    inDirectory(async (directory) => {
      const cold = await program(directory);
      const { lines } = await started(cold, { target: "spt", args: ["one"] });
      deepEqual(lines, ["initialised", "warm", "one", "A=b", "written before"]);
      const clone = await bindTo(await warm(cold, "spt"), "spt");
      const guest = bind(clone, { memory: MEMORY, args: ["--solo5:quiet", "packed"] });
      const path = join(directory, "packed");
      writeProgram(path, await pack(guest));
      const { status, stdout } = await execute(path, []);
      equal(status, 44);
      match(stdout, /^warm\npacked\nA=b\nwritten before\n([0-9a-f]{16}\n){2}$/);
    }),
);
