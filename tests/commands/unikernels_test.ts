/** The commands' files: what is written, and what is left alone. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { compileManifestFile, nameAddresses } from "../../commands/unikernels.ts";
import { manifestCSource } from "../../elftool/manifest_c.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { MANIFEST } from "../elftool/builder.ts";

const SOURCE = JSON.stringify({ type: "solo5.manifest", version: 1, ...MANIFEST });

/** A test with a directory of its own. */
function testIn(name: string, body: (directory: string) => void): void {
  Deno.test(name, () => {
    const directory = Deno.makeTempDirSync();
    try {
      body(directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

const names = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

testIn("a manifest compiles to what the output's extension says", (directory) => {
  const [json, c, o] = ["m.json", "m.c", "m.o"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  Deno.writeTextFileSync(json, SOURCE);
  compileManifestFile(json, c);
  compileManifestFile(json, o);
  equal(Deno.readTextFileSync(c), manifestCSource(MANIFEST));
  deepEqual(Deno.readFileSync(o), manifestObject(MANIFEST, Deno.build.arch));
  compileManifestFile(json, o, { format: "c" });
  equal(Deno.readTextFileSync(o), manifestCSource(MANIFEST));
  deepEqual(names(directory), ["m.c", "m.json", "m.o"]);
});

testIn("after a mistake the output is as it was, and nothing lies beside it", (directory) => {
  const input = join(directory, "m.json");
  const output = join(directory, "m.o");
  Deno.writeTextFileSync(input, "{}");
  Deno.writeTextFileSync(output, "old");
  throws(() => compileManifestFile(input, output), {
    name: "ElfError",
    message: `${input}:1:1: .type: missing`,
  });
  equal(Deno.readTextFileSync(output), "old");
  deepEqual(names(directory), ["m.json", "m.o"]);
});

testIn("files that cannot be read or written are told in one line", (directory) => {
  const input = join(directory, "m.json");
  const output = join(directory, "none", "m.o");
  const code = "file";
  throws(() => compileManifestFile(input, output), {
    code,
    message: `${input}: No such file or directory`,
  });
  Deno.writeTextFileSync(input, SOURCE);
  throws(() => compileManifestFile(input, output), {
    code,
    message: `${output}: No such file or directory`,
  });
  throws(() => compileManifestFile(input, join(directory, "m.txt")), {
    code,
    message: /m\.txt: must end in \.o \(object file\) or \.c \(C source\)$/,
  });
  throws(() => nameAddresses(directory, ["0"]), { code, message: `${directory}: Is a directory` });
});

Deno.test("`-` is standard input and output", async () => {
  const module = new URL("../../commands/unikernels.ts", import.meta.url).href;
  const script = `(await import("${module}")).compileManifestFile("-", "-")`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: join(import.meta.dirname ?? ".", "../.."),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SOURCE));
  await writer.close();
  const { code, stdout } = await child.output();
  equal(code, 0);
  equal(new TextDecoder().decode(stdout), manifestCSource(MANIFEST));
});
