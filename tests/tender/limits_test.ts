/**
 * Limits of guests, on both targets.
 */
import { deepEqual, equal, fail, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import type { BuildTarget } from "../../bindings/targets.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind } from "../../tender/guest.ts";
import { run } from "../../tender/run/event_loop.ts";
import { readLimits } from "../../commands/limit_words.ts";
import { ConsoleMeter, type Limits } from "../../tender/limits.ts";
import { guest } from "../guests.ts";
import { execute, kill, type Result, ROOT, soloden } from "../soloden.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

Deno.test("limits: every option has its limit, in milliseconds and bytes", () => {
  deepEqual(readLimits(["--timeout=0.25", "--cpu-time=1.5", "--console-rate=0"]), {
    timeout: 250,
    cpuTime: 2000,
    consoleRate: 0,
  });
});

for (const word of ["timeout=", "timeout=0", "timeout=-1", "cpu-time=1e9", "console-rate=1k"]) {
  Deno.test(`limits: --${word} is refused`, () => {
    throws(() => readLimits([`--${word}`]), /^TenderError: --[a-z-]+=.*: expected a number of /);
  });
}

Deno.test("limits: the console is counted anew each second", () => {
  const meter = new ConsoleMeter({ consoleRate: 10 });
  const asked = [[6, 0], [9, 999], [9, 1000], [2, 1500], [99, 2000]] as const;
  deepEqual(asked.map(([bytes, moment]) => meter.take(bytes, moment)), [6, 4, 9, 1, 10]);
});

function limitTest(target: BuildTarget, name: string, run: () => Promise<void>): void {
  if (target === "hvt") kvmTest(name, run);
  else Deno.test(name, run);
}

const LIMITS: readonly [option: string, how: string, status: number, message: string][] = [
  ["--timeout=0.2", "c", 124, "stopped at its limit of 0.2 seconds"],
  ["--timeout=0.2", "w", 124, "stopped at its limit of 0.2 seconds"],
  ["--cpu-time=1", "c", 124, "stopped at its limit of 1 second of processor time"],
  ["--console-rate=500", "p", 1, "stopped at its limit of 500 bytes a second on its console"],
];

for (const target of ["spt", "hvt"] as const) {
  for (const [option, how, status, message] of LIMITS) {
    limitTest(
      target,
      `${target}: a guest that goes on (${how}) ends at its ${option}`,
      async () => {
        const words = ["--mem=4", option, await guest("spin", target), "--solo5:quiet", how];
        const result = await soloden("run", ...words);
        deepEqual([result.status, result.stderr], [status, `soloden: ${message}\n`]);
        match(result.stdout, /^begin\n/);
        ok(result.stdout.length <= 500, "more was printed than the limit");
      },
    );
  }

  limitTest(target, `${target}: --gdb and limits of time exclude each other`, async () => {
    for (const option of ["--timeout", "--cpu-time"]) {
      const words = ["--gdb", `${option}=60`, await guest("quiet", target)];
      const { status, stdout, stderr } = await soloden("run", ...words);
      deepEqual([status, stdout], [1, ""]);
      match(stderr, new RegExp(`^soloden: ${option}: not with --gdb[^\\n]*\\n$`));
    }
  });

  limitTest(target, `${target}: a guest within its limits ends as it does without`, async () => {
    const options = ["--timeout=60", "--cpu-time=60", "--console-rate=100000"];
    const words = ["--mem=4", ...options, await guest("exit_code", target), "--solo5:quiet", "42"];
    const { status, stdout, stderr } = await soloden("run", ...words);
    deepEqual([status, stdout, stderr], [42, "", ""]);
  });
}

/** What nobody reads. */
type Unread = "console" | "messages" | "anything";

/** Where a shell is to send what a run prints, so that standard output or error is what nobody reads. */
const SENT: Readonly<Record<Unread, string>> = {
  console: "",
  messages: ">/dev/null",
  anything: "2>&1",
};

/** A run of which nothing is read before it has ended. */
interface Stalled {
  readonly options: readonly string[];
  readonly unread: Unread;
  /** Ends it, once the guest waits. */
  readonly signal?: Deno.Signal;
}

/** Runs a guest that prints for ever; of what is not read, the result has nothing. */
async function stalled(
  target: BuildTarget,
  { options, unread, signal }: Stalled,
): Promise<Pick<Result, "status" | "stderr">> {
  // What is traced of short lines is more than they are.
  const how = unread === "messages" ? "p" : "b";
  const words = ["run", "--mem=4", ...options, await guest("spin", target), "--solo5:quiet", how];
  const script = `exec "$0" "$@" ${SENT[unread]}`;
  const child = new Deno.Command("sh", {
    args: ["-c", script, Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stuck = setTimeout(() => kill(child), 30_000);
  const stderr = unread === "console" ? new Response(child.stderr).text() : "";
  try {
    if (signal !== undefined) {
      await untilFull(child.pid);
      child.kill(signal);
    }
    const { code } = await child.status;
    return { status: code, stderr: await stderr };
  } finally {
    clearTimeout(stuck);
    await child.stdout.cancel();
    if (unread !== "console") await child.stderr.cancel();
  }
}

/** Waits until the process that a guest of this process is, waits for somebody to read. */
async function untilFull(pid: number): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
    const children = tasks.flatMap((task) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${task}/children`).split(" ").filter((pid) => pid)
    );
    if (
      children.some((child) => /pipe_write/.test(Deno.readTextFileSync(`/proc/${child}/wchan`)))
    ) {
      return;
    }
  }
  throw new Error("the pipe is never full");
}

const UNCONFINED = "soloden: --dumpcore: the tender is not confined\n";

const STALLS: readonly [target: BuildTarget, unread: Unread, options: string, said?: string][] = [
  ["hvt", "console", "--timeout=0.3"],
  ["hvt", "console", "--timeout=0.3 --console-rate=1000000000"],
  ["hvt", "console", "--timeout=0.3 --dumpcore=/tmp", UNCONFINED],
  ["hvt", "messages", "--timeout=2 --trace"],
  ["hvt", "anything", "--timeout=0.3"],
  ["hvt", "anything", "--timeout=0.3 --stats"],
  ["spt", "console", "--timeout=0.3"],
  ["spt", "console", "--timeout=0.3 --console-rate=1000000000"],
  ["spt", "anything", "--timeout=0.3"],
];

for (const [target, unread, options, said = ""] of STALLS) {
  limitTest(target, `${target}: ${options} holds while nobody reads ${unread}`, async () => {
    const { status, stderr } = await stalled(target, { options: options.split(" "), unread });
    equal(status, 124);
    if (unread !== "console") return;
    equal(stderr, `${said}soloden: stopped at its limit of 0.3 seconds\n`);
  });
}

Deno.test("spt: a signal ends a guest that is held, while nobody reads its console", async () => {
  const options = ["--console-rate=1000000000"];
  const { status } = await stalled("spt", { options, unread: "console", signal: "SIGTERM" });
  equal(status, 143);
});

Deno.test("spt: a guest whose console is limited ends when nobody reads it any more", async () => {
  const words = ["run", "--mem=4", "--console-rate=1000000000", await guest("spin", "spt")];
  const command = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), ...words];
  const script = `{ timeout -s KILL 60 "$@" --solo5:quiet p; echo $? >&2; } | head -n 1`;
  const { stdout, stderr } = await execute("sh", ["-c", script, "sh", ...command]);
  deepEqual([stdout, stderr], ["begin\n", "141\n"]);
});

kvmTest("hvt: --no-confine says so", async () => {
  const words = ["--no-confine", "--mem=4", await guest("quiet", "hvt"), "--solo5:quiet"];
  const { status, stdout, stderr } = await soloden("run", ...words);
  deepEqual([status, stdout], [0, "SUCCESS\n"]);
  match(stderr, /^soloden: WARNING: --no-confine: .*\n$/);
});

Deno.test("spt: --no-confine is refused", async () => {
  const { status, stderr } = await soloden("run", "--no-confine", await guest("quiet", "spt"));
  equal(status, 1);
  match(stderr, /^soloden: --no-confine is for hvt alone/);
});

for (const target of ["spt", "hvt"] as const) {
  limitTest(target, `${target}: the library holds guests to limits, several at once`, async () => {
    const file = await guest("spin", target);
    const unikernel = parseUnikernel(Deno.readFileSync(file), { name: "spin" });
    const start = (how: string, limits: Limits) => {
      const args = ["--solo5:quiet", how];
      const bound = bind(unikernel, { memory: "4 MiB", args });
      return run(bound, { limits, console: () => {} });
    };
    const outcomes = await Promise.all([
      start("w", { timeout: 300 }),
      start("c", { timeout: 200 }),
      start("w", { timeout: 100, cpuTime: 50_000 }),
      start("p", { consoleRate: 500, timeout: 60_000 }),
    ]);
    deepEqual(outcomes, [
      { kind: "limit", limit: "timeout", value: 300 },
      { kind: "limit", limit: "timeout", value: 200 },
      { kind: "limit", limit: "timeout", value: 100 },
      { kind: "limit", limit: "consoleRate", value: 500 },
    ]);
  });
}

const NO_LIMITS: readonly Limits[] = [
  { timeout: 0 },
  { timeout: -1 },
  { timeout: NaN },
  { timeout: Infinity },
  { cpuTime: 0 },
  { consoleRate: -1 },
  { consoleRate: 1.5 },
];

for (const limits of NO_LIMITS) {
  const [[name, value]] = Object.entries(limits) as [[string, number]];
  Deno.test(`limits: ${name} ${value} is refused before the guest starts`, async () => {
    const file = await guest("quiet", "spt");
    const unikernel = parseUnikernel(Deno.readFileSync(file), { name: "quiet" });
    const bound = bind(unikernel, { memory: "4 MiB" });
    await rejects(run(bound, { limits, console: () => fail("it ran") }), {
      name: "TenderError",
      code: "option",
      message: new RegExp(`^limits\\.${name}: expected .*, not ${value}$`),
    });
  });
}

for (const target of ["spt", "hvt"] as const) {
  const bound = async (how: string) => {
    const unikernel = parseUnikernel(Deno.readFileSync(await guest("spin", target)), { name: how });
    return bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet", how] });
  };

  limitTest(target, `${target}: the library takes any processor time`, async () => {
    const outcome = await run(await bound("c"), { limits: { cpuTime: 200 }, console: () => {} });
    // Linux counts whole seconds of a process.
    const value = target === "spt" ? 1000 : 200;
    deepEqual(outcome, { kind: "limit", limit: "cpuTime", value });
  });

  limitTest(target, `${target}: a limit of a month is no limit of a moment`, async () => {
    const killer = new AbortController();
    const outcome = await run(await bound("w"), {
      limits: { timeout: 31 * 24 * 3600 * 1000 },
      signal: killer.signal,
      console: () => void setTimeout(() => killer.abort(), 100),
    });
    deepEqual(outcome, { kind: "signal", signal: 9 });
  });
}
