/**
 * Completions, as each shell asks for them. The tests of a shell that is not installed are ignored.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { answer } from "../../commands/completions.ts";
import { propose } from "../../commands/propose.ts";
import { entriesOf } from "../../commands/table.ts";
import { routes } from "../../commands/application.ts";
import { example, guest } from "../guests.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT, soloden, writeProgram } from "../soloden.ts";

/** What may come next after some words, of which the last has begun. */
function next(...before: string[]): string[] {
  return propose(routes, { before, others: [] }).map(({ text }) => text);
}

Deno.test("completions: every command that help shows, and no other", () => {
  const commands = next("").filter((word) => !word.startsWith("-"));
  deepEqual(new Set(commands), new Set(entriesOf(routes).map(({ path }) => path[0])));
  ok(!commands.includes("complete"));
  deepEqual(next("un"), ["uninstall"]);
  deepEqual(next("manifest", "c"), ["compile"]);
  deepEqual(next("nonsense", ""), ["--help"]);
});

Deno.test("completions: options, with what follows them", () => {
  deepEqual(next("run", "--block"), ["--block:", "--block-sector-size:"]);
  deepEqual(next("inspect", "--js"), ["--json"]);
  deepEqual(next("build", "-t", ""), ["hvt", "spt", "virtio", "any"]);
  deepEqual(next("build", "--target=s"), ["--target=spt"]);
  deepEqual(next("new", "--lang=r"), ["--lang=rust"]);
  deepEqual(next("completions", "z"), ["zsh"]);
  deepEqual(next("run", "--block-sector-size:x=5"), ["--block-sector-size:x=512"]);
  deepEqual(next("run", "--block-sector-size:x", "5"), ["512"]);
  deepEqual(next("run", "--mem", "6"), ["64"]);
  deepEqual(next("run", "--trace", "--st"), ["--stats"]);
  deepEqual(next("run", "--", "--mem", "6"), []);
});

Deno.test("completions: names come from the manifest of the unikernel, wherever it is on the line", async () => {
  const disk = await example("disk", "spt");
  const names = (...before: string[]) =>
    propose(routes, { before, others: [disk] }).map(({ text }) => text);
  deepEqual(names("run", "--block:"), ["--block:storage="]);
  deepEqual(names("run", "--block:s"), ["--block:storage="]);
  deepEqual(names("run", "--net:"), []);
  equal(
    answer(routes, ["2", "run", "--block:", "run", "--block:", disk]),
    "--block:storage=\tBLOCK_BASIC\n",
  );
});

Deno.test("completions: no names come from what is no unikernel, or too large to be looked into", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const broken = join(directory, "broken.spt");
    Deno.writeTextFileSync(broken, "\x7fELF");
    const large = join(directory, "large.spt");
    Deno.copyFileSync(await example("disk", "spt"), large);
    const names = (other: string) =>
      propose(routes, { before: ["run", "--block:"], others: [other] });
    equal(names(large).length, 1);
    Deno.truncateSync(large, 65 << 20);
    for (const other of [broken, large, directory, join(directory, "none")]) {
      deepEqual(names(other), []);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

/** A directory with some files in it, for the time of a test. */
async function withFiles(files: string[], use: (directory: string) => void | Promise<void>) {
  const directory = Deno.makeTempDirSync();
  try {
    for (const file of files) Deno.writeTextFileSync(join(directory, file), "");
    await use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("completions: files of the kind that is wanted, and all where there is none", async () => {
  await withFiles(["a.spt", "a.hvt", "a.c", ".hidden", "disk"], (directory) => {
    const files = (...before: string[]) => {
      const path = join(directory, before.pop()!);
      return next(...before, path).map((file) => file.slice(directory.length + 1));
    };
    Deno.mkdirSync(join(directory, "b"));
    deepEqual(files("run", "/").map((file) => file.replace(/^\//, "")), ["b/", "a.hvt", "a.spt"]);
    deepEqual(files("run", "--block", "a"), ["a.hvt", "a.spt"], "no device is named");
    deepEqual(files("pack", "a"), ["a.spt"]);
    deepEqual(files("build", "a"), ["a.c"]);
    deepEqual(files("inspect", "d"), ["disk"]);
    Deno.writeTextFileSync(join(directory, "m.json"), "");
    deepEqual(files("build", "--manifest", "m"), ["m.json"]);
    deepEqual(files("build", "--manifest", "/"), ["b/", "m.json"]);
    deepEqual(files("build", "--cc-flag", "a"), ["a.c", "a.hvt", "a.spt"]);
    Deno.removeSync(join(directory, "m.json"));
    deepEqual(files("install", "--prefix", "/"), ["b/"]);
    deepEqual(next("run", `--net-mac:x=${directory}/`), []);
    equal(next("run", `--net-pcap:x=${directory}/`).length, 5);
    deepEqual(next("inspect", `${directory}/`).length, 5);
    deepEqual(files("inspect", ".h"), [".hidden"]);
    deepEqual(files("run", "a.spt", "a"), ["a.c", "a.hvt", "a.spt"], "the guest's own arguments");
    deepEqual(next("run", `--block:x=${directory}/di`), [`--block:x=${directory}/disk`]);
  });
});

Deno.test("completions: whatever is on the line, proposals go on with the last word", () => {
  const word = fc.oneof(
    fc.constantFrom("run", "pack", "manifest", "compile", "-o", "--", "--net:", "--mem=", "-", ""),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (before) => {
    ok(next(...before).every((text) => text.startsWith(before.at(-1)!)));
    equal(typeof answer(routes, [`${before.length}`, ...before]), "string");
  }));
});

/** A test with a shell, in a directory where `soloden` is a program and `disk.spt` a unikernel. */
function shellTest(shell: "bash" | "zsh" | "fish", name: string, script: string, expected: RegExp) {
  testUnless(
    missingTool(shell),
    `completions: ${shell}: ${name}`,
    () =>
      withFiles([], async (directory) => {
        Deno.copyFileSync(await example("disk", "spt"), join(directory, "disk.spt"));
        Deno.copyFileSync(await guest("args", "spt"), join(directory, "my args.spt"));
        const command = `exec ${Deno.execPath()} run -A --no-check ${join(ROOT, "main.ts")} "$@"`;
        const program = join(directory, "soloden");
        writeProgram(program, `#!/bin/sh\n${command}\n`);
        const { stdout } = await soloden("completions", shell);
        Deno.writeTextFileSync(join(directory, "script"), stdout);
        const env = { PATH: `${directory}:${Deno.env.get("PATH")}`, HOME: directory };
        const result = await execute(shell, ["-c", script], { cwd: directory, env });
        match(result.stdout, expected);
        equal(result.stderr, "");
      }),
  );
}

/** What bash would put in place of the last word that it sees: it breaks words at : and =. */
function bashScript(line: string, cursor = line.length): string {
  return `. ./script
    COMP_LINE='${line}' COMP_POINT=${cursor} COMP_WORDS=(unused) COMP_CWORD=0
    _soloden
    printf '[%s]' "\${COMPREPLY[@]}"`;
}

shellTest("bash", "commands", bashScript("soloden comp"), /^\[completions\]$/);
shellTest("bash", "names of devices", bashScript("soloden run --block:"), /^\[storage=\]$/);
shellTest("bash", "files", bashScript("soloden run --block:storage=disk"), /^\[disk\.spt\]$/);
shellTest("bash", "spaces", bashScript("soloden run my"), /^\[my\\ args\.spt\]$/);
shellTest("bash", "an empty word", bashScript("soloden manifest "), /^\[compile\]/);
shellTest("bash", "before a unikernel", bashScript("soloden run --net: disk.spt", 18), /^\[\]$/);

/** What zsh adds, where its line editor does not run: the builtin that takes it is replaced. */
function zshScript(...words: string[]): string {
  const quoted = ["soloden", ...words].map((word) => `'${word}'`).join(" ");
  return `compdef() { }; compadd() { printf '[%s]' "$@" }
    . ./script
    words=(${quoted}) CURRENT=${words.length + 1} PREFIX='${words.at(-1)}'
    _soloden`;
}

shellTest("zsh", "commands", zshScript("comp"), /^\[--\]\[completions\]$/);
shellTest(
  "zsh",
  "names of devices",
  zshScript("run", "--block:"),
  /^\[-S\]\[\]\[--\]\[--block:storage=\]$/,
);

shellTest(
  "zsh",
  "where its completion system is not on yet",
  ". ./script; print $_comps[soloden]",
  /^_soloden\n$/,
);

const fishScript = (line: string) => `source script; complete -C '${line}'`;
shellTest("fish", "commands", fishScript("soloden comp"), /^completions\tPrint a completion/);
shellTest("fish", "names", fishScript("soloden run --block:"), /^--block:storage=\tBLOCK_BASIC\n$/);
shellTest("fish", "files", fishScript("soloden run d"), /^disk\.spt/);
