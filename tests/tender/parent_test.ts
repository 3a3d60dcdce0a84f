/**
 * Guests of spt that are processes of their own end with the process that started them, however that
 * ends; those that this process becomes, or that were packed, have no such process.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, type Guest } from "../../tender/guest.ts";
import { pack } from "../../tender/targets.ts";
import { run } from "../../tender/run/event_loop.ts";
import { compileImage } from "../../tender/spt/compile.ts";
import { spawnImage } from "../../tender/spt/start.ts";
import { withFiles } from "../bindings/scratch.ts";
import { guest } from "../guests.ts";
import { childrenOf } from "../processes.ts";
import { execute, kill, ROOT, writeProgram } from "../soloden.ts";

async function load(name: string): Promise<Guest> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, "spt")), { name });
  return bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"] });
}

/** A process's state as `/proc` has it; undefined once it is gone, or nobody but init is to be told. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
    return state === "Z" || state === "X" ? undefined : state;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || /os error 3/.test(`${error}`)) return undefined;
    throw error;
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let tries = 0; stateOf(pid) !== undefined; tries++) {
    ok(tries < 500, `process ${pid} goes on`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a program that runs a guest, kills it when the guest runs, and waits for the guest's end. */
async function killParent(args: readonly string[]): Promise<void> {
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    // The guest's first line.
    const reader = parent.stdout.getReader();
    match(new TextDecoder().decode((await reader.read()).value), /^begin/);
    await reader.cancel();
    const [child, ...others] = childrenOf(parent.pid);
    deepEqual(others, []);
    ok(stateOf(child!) !== undefined);
    parent.kill("SIGKILL");
    await untilGone(child!).finally(() => {
      if (stateOf(child!) !== undefined) Deno.kill(child!, "SIGKILL");
    });
  } finally {
    kill(parent);
    await parent.status;
  }
}

for (const how of ["c", "w"]) {
  Deno.test(`parent: a held guest (${how}) ends with a tender that is killed`, async () => {
    const file = await guest("spin", "spt");
    await killParent([
      ...[join(ROOT, "main.ts"), "run", "--mem=4", "--timeout=600", file, "--solo5:quiet", how],
    ]);
  });
}

Deno.test("parent: a guest of the library ends with the program that is killed", async () => {
  const file = JSON.stringify(await guest("spin", "spt"));
  const library = JSON.stringify(join(ROOT, "mod.ts"));
  const program = `
import { bind, parseUnikernel, run } from ${library};
const unikernel = parseUnikernel(Deno.readFileSync(${file}), { name: "spin" });
await run(bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet", "c"] }));
`;
  await withFiles({ "user.ts": program }, (directory) => killParent([join(directory, "user.ts")]));
});

Deno.test("parent: a guest whose parent has ended by the time that it asks is not started", async () => {
  // Some other process, as the one that takes over whoever has lost its parent.
  const child = await spawnImage(
    compileImage(await load("quiet"), undefined, { parent: Deno.pid + 1 }),
  );
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  equal(decoder.decode(stderr), "soloden: quiet: the process that started it has ended\n");
  deepEqual([code, decoder.decode(stdout)], [1, ""]);
});

Deno.test("parent: a packed guest does not end with whoever started it", async () => {
  const bytes = await pack(await load("wait"));
  await withFiles({}, async (directory) => {
    const path = join(directory, "packed");
    writeProgram(path, bytes);
    const { stdout } = await execute("sh", ["-c", `"$0" >"$0.out" & echo $!`, path]);
    const pid = Number(stdout);
    try {
      // It is beyond the launch once it has printed.
      for (let tries = 0; Deno.statSync(`${path}.out`).size === 0; tries++) {
        ok(tries < 500 && stateOf(pid) !== undefined, "the guest has not begun");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      ok(stateOf(pid) !== undefined);
    } finally {
      Deno.kill(pid, "SIGKILL");
    }
  });
});

/** Processes that run an executable in memory of this name. */
function guestsCalled(name: string): string[] {
  return [...Deno.readDirSync("/proc")].map((entry) => entry.name).filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Deno.readLinkSync(`/proc/${pid}/exe`).includes(name);
    } catch {
      return false;
    }
  });
}

Deno.test("parent: a guest does not outlive a call that fails", async () => {
  const name = `fails-${crypto.randomUUID()}`;
  const unikernel = parseUnikernel(Deno.readFileSync(await guest("spin", "spt")), { name });
  const bound = bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet", "c"] });
  const reason = new Error("no more of this");
  let seen: string[] = [];
  const running = run(bound, {
    console: () => {
      seen = guestsCalled(name);
      throw reason;
    },
  });
  await rejects(running, reason);
  equal(seen.length, 1);
  const left = guestsCalled(name);
  for (const pid of left) Deno.kill(Number(pid), "SIGKILL");
  deepEqual(left, []);
});
