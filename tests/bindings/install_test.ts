/**
 * Installing and uninstalling: what is written, what is left alone, and what is removed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ToolchainError } from "../../bindings/error.ts";
import { install, PROGRAM_NAMES, uninstall } from "../../bindings/install.ts";
import { RECORD_PATH } from "../../bindings/install_record.ts";
import { findToolchains } from "../../bindings/tools.ts";
import { soloden } from "../soloden.ts";
import { withFiles } from "./scratch.ts";

const PROGRAM = { kind: "binary", path: "/opt/soloden" } as const;
const OWN = "bin/solo5-hvt";

/** Every path under a directory, and what is there: a file's content, or where a link leads. */
function tree(directory: string, inside = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(join(directory, inside))) {
    const path = join(inside, name);
    const full = join(directory, path);
    if (isDirectory) Object.assign(found, { [path]: "directory" }, tree(directory, path));
    else found[path] = isSymlink ? Deno.readLinkSync(full) : Deno.readTextFileSync(full);
  }
  return found;
}

async function refusal(action: Promise<unknown>): Promise<string> {
  const error = await action.then(() => undefined, (error) => error);
  assert.ok(error instanceof ToolchainError, String(error));
  assert.equal(error.code, "install");
  return error.message;
}

Deno.test("what is installed is where Solo5's users look, and goes away without a trace", async () => {
  await withFiles({ "prefix/bin/other": "theirs", "prefix/doc/text": "theirs" }, async (dir) => {
    const prefix = join(dir, "prefix");
    const before = tree(dir);
    const count = await install({ prefix, program: PROGRAM });
    const files = tree(prefix);
    const architectures = findToolchains().map(({ architecture }) => architecture);
    for (const name of PROGRAM_NAMES) assert.equal(files[`bin/${name}`], PROGRAM.path);
    const triples = architectures.map((architecture) => `${architecture}-solo5-none-static`);
    for (const name of triples.flatMap((triple) => [`${triple}-cc`, `${triple}-ld`])) {
      assert.match(files[`bin/${name}`]!, /^#!\/bin\/sh\n/);
      assert.equal(Deno.statSync(join(prefix, "bin", name)).mode! & 0o500, 0o500);
    }
    const names = [
      "stddef",
      "stdint",
      "stdarg",
      "stdbool",
      "limits",
      "float",
      "iso646",
      "stdalign",
    ];
    const expected = [
      ...triples.flatMap((triple) => [
        ...["hvt", "spt", "stub", ...(triple.startsWith("x86_64") ? ["virtio"] : [])].flatMap((
          target,
        ) => [
          `lib/${triple}/solo5_${target}.o`,
          `lib/${triple}/solo5_${target}.lds`,
        ]),
        ...[...names, "stdnoreturn", "stdatomic"].map((name) => `include/${triple}/${name}.h`),
      ]),
      ...["solo5", "elf_abi", "mft_abi", "hvt_abi", "spt_abi"].map((n) => `include/solo5/${n}.h`),
      ...["hvt", "spt", "virtio"].map((target) => `lib/pkgconfig/solo5-bindings-${target}.pc`),
    ];
    assert.deepEqual(expected.filter((path) => files[path] === undefined), []);
    const spt = files["lib/pkgconfig/solo5-bindings-spt.pc"]!;
    assert.match(spt, / -T .*\/lib\/x86_64-solo5-none-static\/solo5_spt\.lds .*solo5_spt\.o\n/);
    assert.doesNotMatch(spt, /aarch64/);
    const { removed, kept } = await uninstall({ prefix });
    assert.deepEqual([removed, kept], [count, []]);
    assert.deepEqual(tree(dir), before);
  });
});

Deno.test("to install again changes nothing, and takes away what is not installed any more", async () => {
  await withFiles({}, async (dir) => {
    const prefix = join(dir, "new", "prefix");
    await install({ prefix, program: PROGRAM });
    const first = tree(prefix);
    await install({ prefix, program: PROGRAM });
    assert.deepEqual(tree(prefix), first);

    // As if an earlier version had installed one file more.
    const record = JSON.parse(first[RECORD_PATH]!);
    const old = "include/solo5/solo5.h";
    Deno.copyFileSync(join(prefix, old), join(prefix, "include/solo5/old.h"));
    record.files["include/solo5/old.h"] = record.files[old];
    Deno.writeTextFileSync(join(prefix, RECORD_PATH), JSON.stringify(record));
    await install({ prefix, program: PROGRAM });
    assert.deepEqual(tree(prefix), first);
  });
});

Deno.test("a file that is not ours is left alone, unless told otherwise", async () => {
  await withFiles({ [OWN]: "theirs" }, async (prefix) => {
    const message = await refusal(install({ prefix, program: PROGRAM }));
    assert.equal(
      message,
      `${join(prefix, OWN)}: exists, and soloden did not install it; --force overwrites it`,
    );
    assert.deepEqual(tree(prefix), { bin: "directory", [OWN]: "theirs" });
    await install({ prefix, program: PROGRAM, force: true });
    assert.equal(tree(prefix)[OWN], PROGRAM.path);
  });
});

Deno.test("a directory that cannot be made is told with its whole path", async () => {
  await assert.rejects(install({ prefix: "/proc", program: PROGRAM }), {
    name: "ElfError",
    message: "/proc/bin: No such file or directory",
  });
});

Deno.test("a link in the way is replaced, not followed", async () => {
  await withFiles({ "solo5-hvt": "theirs", "bin/x": "" }, async (prefix) => {
    Deno.symlinkSync("../solo5-hvt", join(prefix, OWN));
    await refusal(install({ prefix, program: PROGRAM }));
    const program = {
      kind: "script",
      runtime: "/opt/deno",
      path: "/opt/it's here/main.ts",
    } as const;
    await install({ prefix, program, force: true });
    const files = tree(prefix);
    assert.equal(files["solo5-hvt"], "theirs");
    assert.ok(
      files[OWN]!.includes(`'/opt/it'\\''s here/main.ts' --called-as="$0" "$@"`),
      files[OWN],
    );
  });
});

Deno.test("what was changed since it was installed is kept, and told", async () => {
  await withFiles({}, async (prefix) => {
    await install({ prefix, program: PROGRAM });
    Deno.removeSync(join(prefix, OWN));
    Deno.writeTextFileSync(join(prefix, OWN), "theirs by now");
    await refusal(install({ prefix, program: PROGRAM }));
    const result = await uninstall({ prefix });
    assert.deepEqual(result.kept, [OWN]);
    assert.deepEqual(tree(prefix), { bin: "directory", [OWN]: "theirs by now" });
  });
});

Deno.test("a directory in the way is not replaced at all", async () => {
  await withFiles({ [`${OWN}/file`]: "theirs" }, async (prefix) => {
    const message = await refusal(install({ prefix, program: PROGRAM, force: true }));
    assert.equal(message, `${join(prefix, OWN)}: is a directory`);
  });
});

Deno.test("a program inside of the prefix is led to by its relative path", async () => {
  await withFiles({ "libexec/soloden": "" }, async (prefix) => {
    const program = { kind: "binary", path: join(prefix, "libexec/soloden") } as const;
    await install({ prefix, program });
    assert.equal(tree(prefix)[OWN], "../libexec/soloden");
  });
});

const RECORDS = [
  "nonsense",
  "{}",
  `{"version":2,"files":{},"directories":[]}`,
  `{"version":1,"files":{"../../outside":"link:x"},"directories":[]}`,
  `{"version":1,"files":{"/outside":"link:x"},"directories":[]}`,
  `{"version":1,"files":{},"directories":["a/../../outside"]}`,
];

for (const record of RECORDS) {
  Deno.test(`a record that is none is refused: ${record}`, async () => {
    await withFiles({ [RECORD_PATH]: record }, async (prefix) => {
      const message = `${join(prefix, RECORD_PATH)}: not a record of an installation`;
      assert.equal(await refusal(uninstall({ prefix })), message);
      assert.equal(await refusal(install({ prefix, program: PROGRAM })), message);
    });
  });
}

Deno.test("the commands say what they did, in a line", async () => {
  await withFiles({ "program": "" }, async (dir) => {
    const prefix = join(dir, "prefix");
    const none = await soloden("uninstall", "--prefix", prefix);
    assert.deepEqual(none, {
      status: 1,
      stdout: "",
      stderr: `soloden: ${prefix}: nothing is installed here\n`,
    });
    const missing = await soloden("install", "--prefix", prefix, "--program", join(dir, "none"));
    assert.equal(missing.stderr, `soloden: ${join(dir, "none")}: no such program\n`);
    const made = await soloden("install", "--prefix", prefix, "--program", join(dir, "program"));
    assert.match(made.stdout, new RegExp(`^installed \\d+ files under ${prefix}\n$`));
    const gone = await soloden("uninstall", "--prefix", prefix);
    assert.match(gone.stdout, new RegExp(`^removed \\d+ files from ${prefix}\n$`));
    assert.throws(() => Deno.statSync(prefix), Deno.errors.NotFound);
  });
});

Deno.test("a prefix that cannot be written is one line", async () => {
  await withFiles({ "prefix": "a file" }, async (dir) => {
    const { status, stderr } = await soloden("install", "--prefix", join(dir, "prefix"));
    assert.equal(status, 1);
    assert.match(stderr, /^soloden: [^\n]*: Not a directory\n$/);
  });
});
