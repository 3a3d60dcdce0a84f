/**
 * `run --suspend` and `run --restore`: a run is written into a file when a signal asks for it, and goes on.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { untilPrinted } from "../netns.ts";
import { kill, ROOT, soloden } from "../soloden.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

/** What `tests/guests/ticks.c` prints. */
const TICKS = [
  ...Array.from({ length: 20 }, (_, at) => String(at + 1).padStart(2, "0")),
  "SUCCESS",
  "",
];

/** A run of `ticks.c` that was asked to be suspended after its third line. */
async function suspend(path: string, word: string, options: readonly string[] = []) {
  const words = ["run", "--mem=4", `--suspend=${path}`, ...options];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(ROOT, "main.ts"), ...words],
      ...[await guest("ticks", "hvt"), "--solo5:quiet", word],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    let said = "";
    const [shown, printed] = child.stdout.tee();
    const all = new Response(printed).text();
    await untilPrinted(shown, "03\n");
    child.kill("SIGUSR2");
    said = await new Response(child.stderr).text();
    const { code } = await child.status;
    return { status: code, stdout: await all, stderr: said };
  } finally {
    kill(child);
  }
}

const UNCONFINED = "soloden: --suspend: the tender is not confined\n";

for (const word of ["wait", "compute"]) {
  kvmTest(
    `suspend: a guest that does ${word} stops where it is, and goes on, twice`,
    () =>
      inDirectory(async (directory) => {
        const path = join(directory, "run.susp");
        const { status, stdout, stderr } = await suspend(path, word);
        const says = `${UNCONFINED}soloden: suspended; soloden run --restore ${path} goes on\n`;
        deepEqual([status, stderr], [0, says]);
        // Nobody else may read what the guest had in memory.
        equal(Deno.statSync(path).mode! & 0o777, 0o600);
        for (let count = 0; count < 2; count++) {
          const rest = await soloden("run", "--restore", path);
          deepEqual([rest.status, rest.stderr], [0, ""]);
          deepEqual((stdout + rest.stdout).split("\n"), TICKS);
        }
      }),
  );
}

kvmTest(
  "suspend: a run that was restored can be suspended again",
  () =>
    inDirectory(async (directory) => {
      const path = join(directory, "run.susp");
      equal((await suspend(path, "wait")).status, 0);
      const again = await soloden("run", "--restore", `--suspend=${path}`, path);
      deepEqual([again.status, again.stderr], [0, UNCONFINED]);
      ok(again.stdout.endsWith("20\nSUCCESS\n"), again.stdout);
    }),
);

kvmTest(
  "suspend: where the file cannot be written, the guest goes on",
  () =>
    inDirectory(async (directory) => {
      const path = join(directory, "missing", "run.susp");
      const { status, stdout, stderr } = await suspend(path, "wait");
      equal(status, 0);
      deepEqual(stdout.split("\n"), TICKS);
      match(
        stderr,
        /^soloden: --suspend: [^\n]*\nsoloden: not suspended: [^\n]*No such file or directory[^\n]*\n$/,
      );
    }),
);

kvmTest("suspend: a disk of the guest is not overwritten", () =>
  inDirectory(async (directory) => {
    const disk = join(directory, "disk");
    Deno.writeFileSync(disk, new Uint8Array(4096));
    const words = ["--mem=4", `--suspend=${disk}`, `--block:storage=${disk}`];
    const { status, stderr } = await soloden("run", ...words, await guest("block", "hvt"));
    equal(status, 1);
    ok(
      stderr.endsWith(`soloden: ${disk}: is the input; the output must be another file\n`),
      stderr,
    );
    equal(Deno.statSync(disk).size, 4096);
  }));

Deno.test("suspend: what cannot be is refused in one line", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "run.susp");
    Deno.writeTextFileSync(path, "hello");
    const spt = await guest("quiet", "spt");
    for (
      const [words, message] of [
        [["--restore", path], `${path}: not a suspended run: it is too short`],
        [["--restore", path, "word"], "--restore: not with arguments: the run has its own"],
        [["--restore", "--mem=16", path], "--restore: not with --mem: the run has its own"],
        [["--restore", "--cpu=host", path], "--restore: not with --cpu: the run has its own"],
        [
          ["--restore", `--record=${join(directory, "run.rec")}`, path],
          "--restore: not with --record: a run is recorded from its start",
        ],
        [
          [`--suspend=${path}`, spt],
          "--suspend is for hvt alone: on spt the guest is a process, which kill -STOP and kill -CONT stop and start",
        ],
      ] as const
    ) {
      const result = await soloden("run", ...words);
      deepEqual(result, { status: 1, stdout: "", stderr: `soloden: ${message}\n` });
    }
    const taken = await soloden("snapshot", "-o", join(directory, "taken"), "--restore", path);
    deepEqual(taken, {
      status: 1,
      stdout: "",
      stderr: "soloden: no option --restore; see soloden snapshot --help\n",
    });
    deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["run.susp"]);
  }));
