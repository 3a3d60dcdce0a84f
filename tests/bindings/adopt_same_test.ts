/** Adopted programs do what they do natively: random system calls, and random commands of busybox. */
import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { bind, block, run, statusOf, type Unikernel } from "../../mod.ts";
import { cannotRun, compile, notInstalled } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { adopted, type Ended, runAdopted, runNatively } from "./adopted.ts";

/** How often a property is tried; more for a search by hand. */
const RUNS = Number(Deno.env.get("SAME_RUNS") ?? 15);

/** System calls for same_calls.c: eight bytes each. */
const CALLS = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), {
  minLength: 1,
  maxLength: 200,
  size: "max",
});

/** Compiles one of the programs. */
function build(directory: string, name: string): string {
  const programs = join(import.meta.dirname!, "../programs");
  const source = Deno.readTextFileSync(join(programs, name));
  const flags = ["-O2", "-static", "-iquote", programs];
  return compile(directory, { name, source, compiler: "gcc", flags });
}

testUnless(
  cannotRun("gcc"),
  "adopt: system calls at the edges of what they allow return what the kernel returns",
  () =>
    inDirectory(async (directory) => {
      const program = build(directory, "edges.c");
      const native = runNatively(program, { args: [directory] });
      deepEqual(await runAdopted(await adopted(program), { args: ["/tmp"] }), native);
    }),
);

testUnless(
  cannotRun("gcc"),
  "adopt: random system calls return what the kernel returns",
  () =>
    inDirectory(async (directory) => {
      const program = build(directory, "same_calls.c");
      const unikernel = await adopted(program);
      await fc.assert(
        fc.asyncProperty(CALLS, async (calls) => {
          const list = calls.map((call) => call.toHex()).join("");
          const native = await inDirectory((cwd) => runNatively(program, { args: [cwd, list] }));
          deepEqual(await runAdopted(unikernel, { args: ["/tmp", list] }), native);
        }),
        { numRuns: RUNS },
      );
    }),
);

const BUSYBOX = "/bin/busybox";

const WORD = fc.constantFrom("a", "b", "ab", "abc", "B", "10", "9", "-3", "0x1f", "é", "x=y", ".*");
const LINE = fc.array(WORD, { maxLength: 5 }).chain((words) =>
  fc.constantFrom(" ", "\t", ",", "  ").map((between) => words.join(between))
);
/** Text, or bytes that are none. */
const INPUT = fc.oneof(
  fc.tuple(fc.array(LINE, { maxLength: 40 }), fc.constantFrom("", "\n"))
    .map(([lines, end]) => new TextEncoder().encode(lines.join("\n") + end)),
  fc.uint8Array({ maxLength: 3000 }),
);

const NUMBER = fc.integer({ min: 0, max: 12 }).map(String);
const LETTERS = fc.constantFrom(
  "a",
  "b",
  "abc",
  "a-c",
  "0-9",
  "[:alpha:]",
  "[:space:]",
  "B\\n",
  "é",
);
const PATTERN = fc.constantFrom(
  "a",
  "^a",
  "b$",
  "[0-9]+",
  "a.c",
  "^$",
  "(a|b)c*",
  "\\.",
  "x=y",
  "é",
);
const ADDRESS = fc.constantFrom("", "1", "$", "2,4", "/a/", "/b/,/a/", "1!", "/a/I", "2~3");
const ACTION = fc.constantFrom(
  "p",
  "d",
  "s/a/<&>/g",
  "s/\\(.\\)b/\\1_/2",
  "y/ab/xy/",
  "=",
  "n",
  "N;P;D",
)
  .chain((action) => ADDRESS.map((address) => `${address}${action}`));
const AWK = fc.constantFrom(
  "{ print $2, NF }",
  "{ n += $1 } END { print n, NR }",
  '/a/ { c[$1]++ } END { print length(c), c["a"] }',
  '{ gsub(/[ab]+/, "<&>"); print toupper($0) }',
  '{ printf "%5.2f|%-6s|%x\\n", $1, $2, NR }',
  'NR % 2 { print substr($0, 2, 3), index($0, "b") }',
  'BEGIN { FS = ","; OFS = ";" } { $1 = $1; print; n = split($0, w); print n }',
  "{ s = s $0 } END { print length(s), s ~ /a.*b/ }",
  '{ print > "/dev/stderr" } END { exit NR }',
);

/** The words of a command, each from an arbitrary or as it is. */
function words(...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> {
  return fc.tuple(...parts.map((part) => typeof part === "string" ? fc.constant(part) : part));
}

const some = (...options: string[]) => fc.constantFrom(...options);

/** Commands that read standard input. */
const COMMAND = fc.oneof(
  words(
    "sort",
    some("-r", "-n", "-u", "-f", "-s", "-nr"),
    some("-k1", "-k2,2n", "-k2", "-t,"),
    "-b",
  ),
  words("sed", some("-n", "-E", "-s"), "-e", ACTION, "-e", ACTION),
  words("awk", AWK),
  words("awk", "-F", some(",", "\t", "a", "[ab]"), AWK),
  words("tr", LETTERS, LETTERS),
  words("tr", some("-d", "-s", "-cd", "-cs"), LETTERS, LETTERS),
  words("cut", "-d", some(",", " ", "a"), "-f", some("1", "2-", "-2", "1,3"), some("-s", "-n")),
  words("cut", some("-c", "-b"), some("1", "2-4", "-3", "1,3-")),
  words(
    "od",
    "-A",
    some("x", "d", "n"),
    "-t",
    some("x1", "c", "d2", "u4", "o8", "x1z"),
    "-j",
    NUMBER,
  ),
  words("hexdump", some("-C", "-b", "-x", "-v")),
  words("xxd", some("-p", "-l8", "-g1")),
  words(some("md5sum", "sha1sum", "sha256sum", "sha3sum", "sha512sum", "cksum", "crc32", "sum")),
  words(some("rev", "tac", "nl", "base64", "uniq", "cat", "wc", "strings", "dos2unix", "unexpand")),
  words(some("gzip", "bzip2", "gunzip", "base64"), "-d"),
  words("uniq", some("-c", "-d", "-u", "-i", "-f1", "-s2")),
  words("head", some("-n", "-c"), some("0", "1", "3", "-2", "100")),
  words("tail", some("-n", "-c"), some("0", "1", "3", "+2", "100")),
  words("grep", some("-n", "-v", "-i", "-c", "-o", "-x", "-w", "-q"), "-E", PATTERN),
  words("wc", some("-l", "-w", "-c", "-L")),
  words("fold", "-w", some("1", "7", "20"), some("-s", "-b")),
  words("cat", some("-n", "-b", "-A", "-v", "-e"), some("-", "/nowhere")),
  words("paste", some("-s", "-d,"), "-", some("-", "/dev/null")),
  words(
    "dd",
    some("bs=3", "bs=512"),
    some("count=2", "skip=1", "conv=swab", "conv=sync"),
    "status=none",
  ),
  words("split", "-l", some("1", "3"), "-", "/tmp/part"),
  words("expr", NUMBER, some("+", "*", "/", "%", ":", "<", "|"), NUMBER),
  words("seq", NUMBER, NUMBER, NUMBER),
  words("printf", some("%s\\n", "%d\\n", "%5.1f|%x", "%b", "%c%%"), some("12", "a", "-1", "\\t")),
  words("factor", NUMBER, some("360360", "97", "0", "x")),
  words("test", NUMBER, some("-lt", "=", "-ne"), NUMBER),
  words("diff", "-", some("/dev/null", "/nowhere")),
  words("cmp", "-", some("/dev/null", "-l")),
  words("tee", "/dev/null"),
  words(
    "sh",
    "-c",
    some('read a b; echo "$b|$a"', "while read l; do echo ${#l}; done", "echo $((3 * 7)) >&2"),
  ),
  words("dc", "-e", some("2 3 + p", "10 3 ~ f", "0 1 / p")),
  words("no-such-applet"),
);

/** Runs busybox with a standard input, and nothing else. */
async function runBusybox(
  unikernel: Unikernel,
  { args, input }: { args: readonly string[]; input: string },
): Promise<Ended> {
  const guest = bind(unikernel, {
    memory: "64 MiB",
    args: ["--solo5:quiet", ...args],
    devices: { stdin: block.input(Deno.readFileSync(input)) },
  });
  const written: Uint8Array[] = [];
  const outcome = await run(guest, { console: (bytes) => void written.push(bytes.slice()) });
  return { status: statusOf(outcome), output: await new Blob(written as BlobPart[]).text() };
}

testUnless(
  notInstalled(BUSYBOX),
  "adopt: random commands of busybox print and return what they do natively",
  () =>
    inDirectory(async (directory) => {
      const unikernel = await adopted(BUSYBOX, {
        manifest: { devices: [{ name: "stdin", type: "BLOCK_BASIC" }] },
      });
      const input = join(directory, "input");
      await fc.assert(
        fc.asyncProperty(INPUT, COMMAND, async (content, args) => {
          Deno.writeFileSync(input, content);
          const native = runNatively(BUSYBOX, { args, input, cwd: directory });
          deepEqual(await runBusybox(unikernel, { args, input }), native);
        }),
        { numRuns: 3 * RUNS },
      );
    }),
);
