/**
 * The program that ties another one to its parent: its code against an independent reader, and at work.
 */
import { deepEqual } from "node:assert/strict";
import { memoryFile } from "../../linux/exec.ts";
import { tiedCode, tiedProgram } from "../../linux/tied.ts";
import { missingTool, testUnless } from "../needs.ts";
import { checkListing } from "./machine_code.ts";

const elsewhere = Deno.build.arch === "x86_64" ? undefined : "only on x86_64";

testUnless(
  missingTool("objdump"),
  "tied: objdump reads the instructions that the comments name",
  async () => {
    const parent = 0x1234567;
    await checkListing("linux/tied.ts", tiedCode(parent).bytes, {
      names: { PARENT: parent },
      least: 17,
    });
  },
);

/** Executes `/bin/sh` by it; what came of that. */
async function shell(parent: number, ...args: string[]): Promise<[status: number, output: string]> {
  const file = memoryFile("tied", tiedProgram(parent));
  try {
    const command = new Deno.Command(file.path, {
      args: ["/bin/sh", ...args],
      env: { GIVEN: "a variable" },
      stdin: "null",
    });
    const { code, stdout } = await command.output();
    return [code, new TextDecoder().decode(stdout)];
  } finally {
    file.close();
  }
}

testUnless(
  elsewhere,
  "tied: a program gets its arguments and variables, and its status is passed on",
  async () => {
    const script = 'echo "$0 $* $GIVEN"; exit 7';
    deepEqual(await shell(Deno.pid, "-c", script, "name", "one", "two words"), [
      7,
      "name one two words a variable\n",
    ]);
  },
);

testUnless(
  elsewhere,
  "tied: nothing is executed where the process that it is tied to is another",
  async () => {
    deepEqual(await shell(1, "-c", "echo executed"), [127, ""]);
  },
);
