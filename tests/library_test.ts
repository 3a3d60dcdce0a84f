/**
 * The library as others get it: imported from a checkout, documented, ready to publish.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "./guests.ts";
import { execute, ROOT } from "./soloden.ts";

/** Runs a module that lies in a directory of its own, with no other permissions than its flags give. */
async function elsewhere(
  module: string,
  { flags = [], files = {} }: { flags?: string[]; files?: Record<string, string> } = {},
) {
  const directory = Deno.makeTempDirSync();
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(join(directory, name), text);
    }
    Deno.writeTextFileSync(join(directory, "user.ts"), module);
    const args = ["run", "--no-prompt", "--quiet", ...flags, "user.ts"];
    return await execute(Deno.execPath(), args, { cwd: directory });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const LIBRARY = JSON.stringify(join(ROOT, "mod.ts"));

Deno.test("library: a program elsewhere imports it, and reads manifests, without any permission", async () => {
  const { status, stdout, stderr } = await elsewhere(`
    import { compileManifest, manifestObject } from ${LIBRARY};
    const source = '{"type": "solo5.manifest", "version": 1, "devices": []}';
    const manifest = compileManifest(source, { name: "manifest.json" });
    console.log(JSON.stringify(manifest), manifestObject(manifest, "x86_64").length > 0);`);
  deepEqual([status, stdout, stderr], [0, `{"devices":[]} true\n`, ""]);
});

Deno.test("library: a program elsewhere inspects, packs and runs a unikernel", async () => {
  const path = JSON.stringify(await guest("exit_code", "spt"));
  const { status, stdout, stderr } = await elsewhere(
    `
    import { bind, inspect, pack, parseUnikernel, run } from ${LIBRARY};
    const bytes = Deno.readFileSync(${path});
    const { kind } = inspect(bytes, { name: "exit_code.spt" });
    const unikernel = parseUnikernel(bytes, { name: "exit_code.spt" });
    const args = ["--solo5:quiet", "5"];
    const guest = bind(unikernel, { memory: "32 MiB", args });
    const packed = inspect(await pack(guest), { name: "packed" });
    console.log(kind, packed.kind, JSON.stringify(await run(guest)));`,
    { flags: ["--allow-read", "--allow-ffi", "--allow-run"] },
  );
  equal(stderr, "");
  deepEqual([status, stdout], [0, `unikernel packed {"kind":"exit","status":5}\n`]);
});

Deno.test("library: a program beside a package.json imports it, too", async () => {
  const files = { "package.json": "{}" };
  const module = `
    import { compileManifest } from ${LIBRARY};
    console.log(typeof compileManifest);`;
  const flags = ["--node-modules-dir=none"];
  const { status, stdout, stderr } = await elsewhere(module, { flags, files });
  deepEqual([status, stdout, stderr], [0, "function\n", ""]);
});

Deno.test("library: versions named in modules are those of the import map", () => {
  const { imports } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const known = Object.values<string>(imports);
  let found = 0;
  for (
    const file of ["abi/manifest_schema.ts", "elftool/manifest_source.ts", "elftool/packed.ts"]
  ) {
    for (const [, named] of Deno.readTextFileSync(join(ROOT, file)).matchAll(/"(npm:[^"]+)"/g)) {
      ok(known.includes(named!), `${file}: ${named}`);
      found++;
    }
  }
  ok(found > 0);
});

Deno.test("library: every export is documented, with every type that it mentions", async () => {
  const { status, stderr } = await execute(
    Deno.execPath(),
    ["doc", "--lint", "mod.ts", "main.ts"],
    {
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    },
  );
  equal(status, 0, stderr);
});

Deno.test("library: it can be published as it is", async () => {
  const { status, stderr } = await execute(
    Deno.execPath(),
    ["publish", "--dry-run", "--allow-dirty"],
    { cwd: ROOT, env: { NO_COLOR: "1" } },
  );
  equal(status, 0, stderr);
  for (const needed of ["mod.ts", "main.ts", "bindings/solo5.lds", "bindings/include/solo5.h"]) {
    match(stderr, new RegExp(`/${needed.replaceAll(".", "\\.")} `));
  }
  ok(!stderr.includes(`${ROOT}/tests/`), "tests are not part of the package");
});
