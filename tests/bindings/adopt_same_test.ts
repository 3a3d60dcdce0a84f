/** Adopted programs do what they do natively: the same calls, and the same commands, over random input. */
import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { adopted, runAdopted, runNatively } from "./adopted.ts";

const PROGRAMS = join(import.meta.dirname!, "../programs");

/** System calls for same_calls.c: eight bytes each. */
const CALLS = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), {
  minLength: 1,
  maxLength: 150,
  size: "max",
});

testUnless(
  cannotRun("gcc"),
  "adopt: random system calls return what the kernel returns",
  () =>
    inDirectory(async (directory) => {
      const source = Deno.readTextFileSync(join(PROGRAMS, "same_calls.c"));
      const program = compile(directory, { name: "same_calls.c", source, compiler: "gcc" });
      const unikernel = await adopted(program);
      await fc.assert(
        fc.asyncProperty(CALLS, async (calls) => {
          const list = calls.map((call) => call.toHex()).join("");
          const native = await inDirectory((cwd) => runNatively(program, { args: [cwd, list] }));
          deepEqual(await runAdopted(unikernel, { args: ["/tmp", list] }), native);
        }),
        { numRuns: Number(Deno.env.get("RUNS") ?? 40) },
      );
    }),
);
