/**
 * New projects: each is made, built by the commands that its README names, and run.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import * as v from "valibot";
import { ManifestSchema } from "../../abi/manifest_schema.ts";
import { manifestJsonSchema } from "../../bindings/templates/manifest_json_schema.ts";
import type { CompiledLanguage } from "../../bindings/templates/language.ts";
import { COMPILED } from "../../bindings/templates/project.ts";
import { inDirectory } from "../in_directory.ts";
import { stepUnless, testUnless } from "../needs.ts";
import { execute, ROOT, soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { noQemu } from "../tender/virtio/qemu_machine.ts";

/** What a language's projects are built with, besides a C compiler. */
const NEEDS: Readonly<Record<CompiledLanguage, string | undefined>> = {
  c: undefined,
  rust: "cargo",
  zig: "zig",
};

function missing(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  // One that is there may still be a stand-in that has nothing to run.
  const args = ["-c", `${program} --version || ${program} version`];
  const found = new Deno.Command("sh", { args }).outputSync();
  return found.success ? undefined : `${program} is not installed, or not set up`;
}

const noGit = missing("git");
const GIT_STATUS = noGit === undefined ? "git init -q; git status --short -uall" : "true";

/** The commands in a README's first block, without the program's name where it is ours. */
function firstBlock(readme: string): string[] {
  return /(?:^ {4}.*\n)+/m.exec(readme)![0].trim().split("\n").map((line) => line.trim());
}

/** What commands of a README print, which succeed. */
async function shell(commands: readonly string[], cwd: string): Promise<string> {
  const script = `soloden() { ${Deno.execPath()} run -A ${join(ROOT, "main.ts")} "$@"; }
    export CARGO_NET_OFFLINE=true
    set -e; ${commands.join("; ")}`;
  const { status, stdout, stderr } = await execute("sh", ["-c", script], { cwd });
  equal(status, 0, stderr);
  return stdout;
}

for (const language of COMPILED) {
  testUnless(
    missing(NEEDS[language]),
    `new: a project in ${language} builds and runs as its README says`,
    (test) =>
      inDirectory(async (directory) => {
        Deno.mkdirSync(join(directory, "a place"));
        const path = join(directory, "a place", "first-try");
        const made = await soloden("new", `--lang=${language}`, path);
        deepEqual([made.status, made.stderr], [0, ""]);
        const readme = Deno.readTextFileSync(join(path, "README.md"));
        const commands = firstBlock(readme);
        const said = firstBlock(made.stdout);
        deepEqual(said, [`cd '${path}'`, ...commands]);
        const stdout = await shell([
          ...commands.slice(0, -1),
          `${commands.at(-1)} there`,
          GIT_STATUS,
        ], path);
        match(stdout, /^Hello from first-try!\nArguments: there$/m);
        ok(!/\.(hvt|spt|o|a)$/m.test(stdout), `git sees what was built: ${stdout}`);
        const machine = join(path, "first-try.hvt");
        const inspected = await soloden("inspect", "--json", machine);
        equal(JSON.parse(inspected.stdout).abi.target, "hvt");
        const hello = "Hello from first-try!\nArguments: there\n";
        await stepUnless(noKvm, test, {
          name: "on hvt",
          fn: async () => {
            const run = await soloden("run", "--mem=4", machine, "--solo5:quiet", "there");
            deepEqual([run.status, run.stdout], [0, hello]);
          },
        });
        // The last two build and run it for spt.
        const build = commands.at(-2)!.replace("soloden build", "soloden build -t any");
        await shell([build], path);
        const any = "first-try.solo5 --solo5:quiet there";
        for (
          const [name, missing, command] of [
            ["spt", undefined, `soloden run -t spt ${any}`],
            ["hvt", noKvm, `soloden run -t hvt --mem=4 ${any}`],
            ["virtio", noQemu, `soloden run -t virtio --emulator=qemu ${any}`],
            ["spt, packed", undefined, `soloden pack -o packed ${any}; ./packed`],
          ] as const
        ) {
          await stepUnless(missing, test, {
            name: `portable, on ${name}`,
            fn: async () => equal(await shell([command], path), hello),
          });
        }
      }),
  );
}

testUnless(
  missing(NEEDS.rust),
  "new: tools in rust are built, described and called as their README says",
  () =>
    inDirectory(async (directory) => {
      const path = join(Deno.realPathSync(directory), "first-tool");
      equal((await soloden("new", "--tool", "--lang=rust", path)).status, 0);
      const commands = firstBlock(Deno.readTextFileSync(join(path, "README.md")));
      const places = ["CONFIG", "STATE", "CACHE"].map((name) => `XDG_${name}_HOME="$PWD/home"`);
      const own = `export XDG_RUNTIME_DIR="$PWD/home" ${places.join(" ")}`;
      const long = `soloden mcp call first-tool greet '{"a":[{"name":"no"}],"name":"${
        "x".repeat(99_999)
      }"}'`;
      const stdout = await shell([own, ...commands, long, "rm -r home", GIT_STATUS], path);
      match(stdout, /^added first-tool: greet\nHello, you!\nHello, x{99999}!$/m);
      ok(!/\.(solo5|a)$/m.test(stdout), `git sees what was built: ${stdout.slice(-500)}`);
    }),
);

Deno.test("new: what exists stays, and a name has to be one", async () => {
  await inDirectory(async (directory) => {
    const existing = await soloden("new", directory);
    match(
      existing.stderr,
      /^soloden: [^\n]*: (already exists|'[^\n]*' cannot name a project.*)\n$/,
    );
    equal(existing.status, 1);
    Deno.mkdirSync(join(directory, "here"));
    match((await soloden("new", join(directory, "here"))).stderr, /here: already exists\n$/);
    match((await soloden("new", join(directory, "1st"))).stderr, /'1st' cannot name a project/);
    match(
      (await soloden("new", "/proc/nowhere/x")).stderr,
      /^soloden: \/proc\/nowhere\/x: No such/,
    );
    // A directory may have this name, a file with an ending not.
    const long = await soloden("new", join(directory, "x".repeat(254)));
    match(long.stderr, /^soloden: [^\n]*: File name too long\n$/);
    Deno.symlinkSync("nowhere", join(directory, "link"));
    const link = await soloden("new", join(directory, "link"));
    match(link.stderr, /^soloden: [^\n]*link: File exists\n$/);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    deepEqual(names, ["here", "link"]);
  });
});

type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether a value is as a JSON Schema says, as far as ours says anything. */
function accepts(schema: JsonSchema, value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const properties = schema.properties as Record<string, JsonSchema> | undefined;
  const items = schema.items as JsonSchema | undefined;
  const types: Record<string, boolean> = {
    object: isObject,
    array: Array.isArray(value),
    string: typeof value === "string",
  };
  if (schema.type !== undefined && !types[schema.type as string]) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (schema.enum !== undefined && !(schema.enum as unknown[]).includes(value)) return false;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern as string).test(value as string)) {
    return false;
  }
  if (schema.maxItems !== undefined && (value as unknown[]).length > (schema.maxItems as number)) {
    return false;
  }
  if (items !== undefined && !(value as unknown[]).every((item) => accepts(items, item))) {
    return false;
  }
  if (properties === undefined) return true;
  const keys = Object.keys(value as Record<string, unknown>);
  return keys.every((key) => Object.hasOwn(properties, key)) &&
    (schema.required as string[]).every((key) => keys.includes(key)) &&
    keys.every((key) => accepts(properties[key]!, (value as Record<string, unknown>)[key]));
}

/** Objects that are right or nearly so: keys may be missing, and there may be one more. */
function nearly(keys: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const right = fc.record(keys);
  const wrong = fc.record({ ...keys, more: fc.constant(1) }, { requiredKeys: [] });
  return fc.oneof({ weight: 8, arbitrary: right }, wrong, fc.jsonValue());
}

/** Mostly what is given, else anything. */
function mostly(...values: unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...values) }, fc.jsonValue());
}

Deno.test("new: editors hold a manifest to the rules that count", () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,67}$/);
  const type = fc.constantFrom("NET_BASIC", "BLOCK_BASIC");
  const right = fc.record({
    $schema: fc.webUrl(),
    type: fc.constant("solo5.manifest"),
    version: fc.constant(1),
    devices: devices(fc.record({ name, type }), 63),
  }, { requiredKeys: ["type", "version", "devices"] });
  const almost = nearly({
    $schema: mostly("./manifest.schema.json"),
    type: mostly("solo5.manifest"),
    version: mostly(1),
    devices: devices(
      nearly({
        name: fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9]{1,70}$/)),
        type: mostly("NET_BASIC", "BLOCK_BASIC"),
      }),
      70,
    ),
  });
  const schema = manifestJsonSchema();
  fc.assert(fc.property(right, (value) => {
    equal(v.safeParse(ManifestSchema, value).issues, undefined);
    ok(accepts(schema, value));
  }));
  fc.assert(fc.property(almost, (value) => {
    equal(accepts(schema, value), v.safeParse(ManifestSchema, value).success);
  }));
});

/** Up to so many devices of different names: that they differ is beyond JSON Schema. */
function devices(device: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<unknown[]> {
  return fc.uniqueArray(device, { maxLength, size: "max", selector: nameOf });
}

/** The name of a device, else the whole of what stands in its place. */
function nameOf(device: unknown): unknown {
  return (device as { name?: unknown } | null)?.name ?? device;
}
