/**
 * Limits and confinement of guests that the command runs, on both targets.
 */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import type { BuildTarget } from "../../bindings/targets.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind } from "../../tender/guest.ts";
import { run } from "../../tender/run.ts";
import { ConsoleMeter, type Limits, readHolding } from "../../tender/holding.ts";
import { guest } from "../guests.ts";
import { kill, ROOT, soloden } from "../soloden.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

Deno.test("holding: every option has its limit, in milliseconds and bytes", () => {
  deepEqual(readHolding(["--timeout=0.25", "--cpu-time=1.5", "--console-rate=0"]), {
    limits: { timeout: 250, cpuTime: 2000, consoleRate: 0 },
    confined: true,
  });
  deepEqual(readHolding(["--no-confine"]), { limits: {}, confined: false });
});

for (const word of ["timeout=", "timeout=0", "timeout=-1", "cpu-time=1e9", "console-rate=1k"]) {
  Deno.test(`holding: --${word} is refused`, () => {
    throws(() => readHolding([`--${word}`]), /^TenderError: --[a-z-]+=.*: expected a number of /);
  });
}

Deno.test("holding: the console is counted anew each second", () => {
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

  limitTest(target, `${target}: a guest within its limits ends as it does without`, async () => {
    const options = ["--timeout=60", "--cpu-time=60", "--console-rate=100000"];
    const words = ["--mem=4", ...options, await guest("exit_code", target), "--solo5:quiet", "42"];
    const { status, stdout, stderr } = await soloden("run", ...words);
    deepEqual([status, stdout, stderr], [42, "", ""]);
  });
}

kvmTest("hvt: --no-confine says so", async () => {
  const words = ["--no-confine", "--mem=4", await guest("quiet", "hvt"), "--solo5:quiet"];
  const { status, stdout, stderr } = await soloden("run", ...words);
  deepEqual([status, stdout], [0, "SUCCESS\n"]);
  match(stderr, /^soloden: WARNING: --no-confine: .*\n$/);
});

Deno.test("spt: --no-confine is refused", async () => {
  const { status, stderr } = await soloden("run", "--no-confine", await guest("quiet", "spt"));
  equal(status, 1);
  match(stderr, /^soloden: --no-confine: not on spt/);
});

kvmTest("hvt: while the guest runs, every thread of the tender is confined", async () => {
  const words = ["run", "--mem=4", await guest("spin", "hvt"), "--solo5:quiet", "w"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(ROOT, "main.ts"), ...words],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    const status = (path: string) =>
      Object.fromEntries(
        Deno.readTextFileSync(path).trim().split("\n").map((line) => line.split(/:\s+/)),
      ) as Record<string, string>;
    const threads = [...Deno.readDirSync(`/proc/${child.pid}/task`)];
    for (const { name } of threads) {
      const { Seccomp, NoNewPrivs, ...all } = status(`/proc/${child.pid}/task/${name}/status`);
      deepEqual([Seccomp, NoNewPrivs], ["2", "1"], all.Name);
      const capabilities = [all.CapEff, all.CapPrm, all.CapInh, all.CapAmb];
      deepEqual(capabilities, Array(4).fill("0000000000000000"), all.Name);
    }
    await reader.cancel();
  } finally {
    kill(child);
    await child.status;
  }
});

for (const target of ["spt", "hvt"] as const) {
  limitTest(target, `${target}: the library holds guests to limits, several at once`, async () => {
    const file = await guest("spin", target);
    const unikernel = parseUnikernel(Deno.readFileSync(file), { name: "spin" });
    const start = (how: string, limits: Limits) => {
      const args = ["--solo5:quiet", how];
      const bound = bind(unikernel, target, { memorySize: 4 << 20, args });
      return run(bound, { limits, console: () => {} });
    };
    const outcomes = await Promise.all([
      start("w", { timeout: 300 }),
      start("c", { timeout: 200 }),
      start("w", { timeout: 100, cpuTime: 50_000 }),
      start("p", { consoleRate: 500, timeout: 60_000 }),
    ]);
    const limits = outcomes.map((outcome) => outcome.kind === "limit" ? outcome.limit : outcome);
    deepEqual(limits, [
      "0.3 seconds",
      "0.2 seconds",
      "0.1 seconds",
      "500 bytes a second on its console",
    ]);
  });
}
