/**
 * The command itself: help everywhere, and one line and status 1 for every mistake.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { makeProject } from "../bindings/templates/project.ts";
import { entriesOf } from "../commands/table.ts";
import { routes } from "../commands/application.ts";
import { guest } from "./guests.ts";
import { execute, soloden } from "./soloden.ts";

/** Every command whose words are its own; those of a wrapped tool are the tool's. */
const COMMANDS = [
  [],
  ["manifest"],
  ...entriesOf(routes).filter(({ argument }) => argument !== "ARGS").map(({ path }) => path),
];

for (const command of COMMANDS) {
  Deno.test(`command: help of '${["soloden", ...command].join(" ")}'`, async () => {
    const { status, stdout, stderr } = await soloden(...command, "--help");
    match(stdout, /^USAGE\n {2}soloden /);
    deepEqual([status, stderr], [0, ""]);
  });
}

Deno.test("command: without a command there is help, which 'help' gives as well", async () => {
  const all = await soloden("--help");
  match(all.stdout, /^ {2}doctor +Check/m);
  deepEqual(await soloden(), all);
  deepEqual(await soloden("help"), all);
  deepEqual(await soloden("manifest"), await soloden("manifest", "--help"));
  deepEqual(await soloden("help", "run"), await soloden("run", "--help"));
  deepEqual(await soloden("run", "-h"), await soloden("run", "--help"));
});

Deno.test("command: help shows options as they are written", async () => {
  const { stdout } = await soloden("pack", "--help");
  match(stdout, /^ {6}--mem=MiB +Memory of the guest \(default 512\)$/m);
  match(stdout, /^ {2}-o, --output FILE +The executable to write$/m);
});

Deno.test("command: what cannot be written ends it in a line, and a reader that is gone without one", async () => {
  const shell = (command: string) =>
    execute("bash", ["-c", `soloden() { ${Deno.execPath()} run -A main.ts "$@"; }; ${command}`]);
  const unikernel = await guest("args", "spt");
  const commands = [
    "--help",
    `pack -o - ${unikernel}`,
    "manifest compile -o - tests/guests/net.json",
  ];
  for (const command of commands) {
    const gone = await shell(`exec 3> >(exec true); wait $!; soloden ${command} >&3`);
    deepEqual(gone, { status: 141, stdout: "", stderr: "" }, command);
    const full = await shell(`soloden ${command} > /dev/full`);
    deepEqual([full.status, full.stderr], [
      1,
      "soloden: standard output: No space left on device\n",
    ], command);
  }
});

Deno.test("command: the schema that it prints is that of new projects", async () => {
  const { status, stdout } = await soloden("manifest", "schema");
  equal(status, 0);
  equal(stdout, makeProject("x", "c").files.get("manifest.schema.json"));
});

Deno.test("command: the version is the project's", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
  deepEqual(await soloden("--version"), { status: 0, stdout: `${version}\n`, stderr: "" });
});

const MISTAKES: readonly [what: string, args: string[], line: RegExp][] = [
  ["an unknown command", ["rnu"], /no command 'rnu', did you mean `run`\?/],
  ["a command unlike any", ["version"], /no command 'version'; see soloden --help/],
  ["an unknown letter", ["-x"], /no option -x; see soloden --help/],
  ["a slip in --version", ["--verison"], /no option --verison, did you mean --version\?/],
  ["a command too short to guess at", ["x"], /no command 'x'; see soloden --help/],
  ["a unikernel alone", ["x.spt"], /no command 'x\.spt', did you mean `run x\.spt`\?/],
  ["a source alone", ["x.c"], /no command 'x\.c', did you mean `build x\.c`\?/],
  ["an unknown option", ["run", "--memm=1", "x"], /no option --memm, did you mean --mem\?/],
  ["an option unlike any", ["run", "--manifest=x", "y"], /--manifest; see soloden run --help/],
  ["an unknown option of build", ["build", "--outptu=x", "x.c"], /did you mean --output\?/],
  ["no sources", ["build"], /expected SOURCE; see soloden build --help/],
  [
    "a value that is none",
    ["new", "--lang=java", "x"],
    /--lang: 'java' is not one of c, python, js, rust, zig/,
  ],
  ["an option without its value", ["run", "--mem"], /expected --mem=MiB; see .*run/],
  ["an option before its value", ["run", "--mem", "--stats", "x"], /expected --mem=MiB; see/],
  ["an option with an empty value", ["build", "-o=", "x.c"], /expected -o NAME; see .* build/],
  ["a value of nothing", ["pack", "-o", "", "x.spt"], /expected -o FILE; see soloden pack/],
  ["an option of one letter", ["run", "--x", "y"], /no option --x; see soloden run --help/],
  ["a letter that is none", ["run", "-x", "y"], /no option -x; see soloden run --help/],
  ["an option of run for pack", ["pack", "-o", "p", "--stats", "x"], /no option --stats/],
  ["a number for an option", ["inspect", "-1", "x"], /no option -1; see soloden inspect --help/],
  ["a flag of the compiler", ["build", "-O2", "x.c"], /no option -O2; .* compiler go after --/],
  ["letters of the compiler", ["build", "-Wall", "x.c"], /no option -Wall; .* go after --/],
  ["a letter with its value", ["build", "-tspt", "x.c"], /-tspt, did you mean -t spt\?/],
  ["a flag as a value", ["build", "--cc-flag", "-O2", "nowhere.c"], /: nowhere\.c: no such file$/m],
  [
    "an option given twice",
    ["build", "-o", "a", "-o", "b", "x.c"],
    /--output: given twice, as 'a'/,
  ],
  [
    "a value for an option without one",
    ["run", "--stats=no", "x"],
    /--stats takes no value: 'no'; see/,
  ],
  [
    "the like elsewhere",
    ["install", "--force=maybe", "--prefix=x"],
    /--force takes no value: 'maybe'/,
  ],
  ["an option by its word", ["run", "--memory=64", "x"], /--memory, did you mean --mem\?/],
  ["an option like none that there is", ["run", "--json", "x"], /--json; see soloden run --help/],
  ["what would move a cursor", ["run", "--\x1b[2J", "x"], /no option --\\x1b\[2J; see/],
  ["a command that would move it", ["\x1b[2J"], /no command '\\x1b\[2J'; see/],
  ["no unikernel", ["run"], /expected UNIKERNEL; see soloden run --help/],
  ["a file taken for a value", ["run", "--net:tap0", "x"], /UNIKERNEL after --net:tap0=x; see/],
  ["a value without a unikernel", ["run", "--mem", "16"], /expected UNIKERNEL after --mem=16; see/],
  ["no output", ["pack", "x.spt"], /expected -o FILE; see soloden pack --help/],
  [
    "no manifest",
    ["manifest", "compile", "-o", "x.o"],
    /expected MANIFEST; see .* manifest compile/,
  ],
  ["too many words", ["doctor", "x"], /'x' is one word too many; see soloden doctor --help/],
  [
    "an unknown shell",
    ["completions", "ksh"],
    /no completions for ksh, only for bash, zsh and fish/,
  ],
  ["memory that is no number", ["run", "--mem=lots", "x"], /--mem=lots: expected a whole number/],
  ["a device without a name", ["run", "--block=x", "y"], /--block=x: expected --OPTION:NAME=VALUE/],
  ["no memory", ["run", "--mem=0", "x"], /--mem=0: expected a whole number of MiB, 1 or more/],
  ["a file that is not there", ["run", "nowhere.spt"], /nowhere\.spt: No such file or directory/],
  ["a name in two lines", ["run", "no\nway"], /^soloden: no\\x0away: No such file or directory$/m],
  ["a file that is none", ["run", "deno.json"], /deno\.json: ELF header: not an ELF file/],
  ["a name of nothing", ["run", ""], /soloden: '': No such file or directory/],
  ["a source of no name", ["build", ""], /soloden: '': no such file/],
  ["a directory", ["inspect", "tests"], /tests: Is a directory/],
  ["a source that is not there", ["build", "nowhere.c"], /nowhere\.c/],
  ["a manifest that is not there", ["manifest", "compile", "-o", "x.o", "nowhere.json"], /nowhere/],
];

for (const [what, args, line] of MISTAKES) {
  Deno.test(`command: ${what} gets one line and status 1`, async () => {
    const { status, stdout, stderr } = await soloden(...args);
    match(stderr, /^soloden: [^\n]*\n$/);
    match(stderr, line);
    deepEqual([status, stdout], [1, ""]);
  });
}

Deno.test("command: an option's value may be the next word", async () => {
  const path = await guest("args", "spt");
  const separate = await soloden("run", "--mem", "16", "--timeout", "9", path, "--mem", "x");
  match(separate.stdout, /16 MB addressable/);
  match(separate.stdout, /^\[--mem x\]$/m);
  equal(separate.status, 0);
});

Deno.test("command: an option that takes no value may be said to be true, and the others stay", async () => {
  const { status, stderr } = await soloden(
    "run",
    "--trace",
    "--stats=true",
    await guest("args", "spt"),
  );
  match(stderr, /^soloden: --trace is for hvt alone: [^\n]*\n$/);
  equal(status, 1);
});

Deno.test("command: after -- a file may have the name of an option", async () => {
  const { stderr } = await soloden("run", "--", "--x");
  equal(stderr, "soloden: --x: No such file or directory\n");
});

Deno.test("command: a guest's own options are left to it", async () => {
  const { status, stdout } = await soloden("run", await guest("args", "spt"), "--help", "--", "-x");
  match(stdout, /^\[--help -- -x\]$/m);
  equal(status, 0);
});

Deno.test("command: too little memory is told with what is needed", async () => {
  const { status, stderr } = await soloden("run", "--mem=1", await guest("args", "spt"));
  match(stderr, /^soloden: [^\n]*(out of range|needs [0-9]+ bytes)[^\n]*\n$/);
  equal(status, 1);
});

Deno.test("command: too long a command line is refused", async () => {
  const path = await guest("args", "spt");
  const { status, stderr } = await soloden("run", path, "x".repeat(8192));
  match(stderr, /^soloden: Guest command line too long \(max=8191 characters\)\n$/);
  equal(status, 1);
  equal((await soloden("run", path, "x".repeat(8191))).status, 0);
});
