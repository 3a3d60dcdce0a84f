/**
 * Guests as real Linux processes: packed into executables, under the real filter.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { compileImage, type ImageOptions, type ProcessImage } from "../../../tender/spt/compile.ts";
import { encodeImage, spawnImage } from "../../../tender/spt/start.ts";
import { guest } from "../../guests.ts";
import { untilPrinted } from "../../netns.ts";
import { missingTool, notRoot, testUnless } from "../../needs.ts";
import { execute, type Result, ROOT, soloden, writeProgram } from "../../soloden.ts";

const MIB = 0x10_0000;
const SIGPIPE = 13;
const SIGSEGV = 128 + 11;
const SIGSYS = 128 + 31;

async function image(
  name: string,
  args: string[] = [],
  options: ImageOptions = {},
): Promise<ProcessImage> {
  const path = await guest(name, "spt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: `${name}.spt` });
  return compileImage(bind(unikernel, { memory: "32 MiB", args }), undefined, options);
}

/** Packs a guest into a file and gives its path to `use`. */
async function packed<T>(image: ProcessImage, use: (path: string) => Promise<T>): Promise<T> {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "packed");
    writeProgram(path, encodeImage(image));
    Deno.chmodSync(directory, 0o755);
    return await use(path);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

async function run(name: string, ...args: string[]): Promise<Result> {
  return await packed(await image(name, args), (path) => execute(path, []));
}

const ENDS: readonly [name: string, args: string[], status: number, output: RegExp][] = [
  ["abort", [], 255, /^Solo5: solo5_abort\(\) called$/m],
  ["args", ["one", "--two", "three"], 0, /^\[one --two three\]$/m],
  ["cpu", [], 0, /^SUCCESS$/m],
  ["exit_code", ["0"], 0, /^Solo5: solo5_exit\(0\) called$/m],
  ["exit_code", ["254"], 254, /^Solo5: solo5_exit\(254\) called$/m],
  ["fpu", [], 0, /^SUCCESS$/m],
  ["globals", [], 0, /^SUCCESS$/m],
  ["output", [], 0, /^x{4095,}\sSUCCESS$/m],
  ["quiet", ["--solo5:quiet"], 0, /^SUCCESS\n$/],
  ["ssp", [], 255, /ABORT.*Stack corruption detected/],
  ["time", [], 0, /^SUCCESS$/m],
  ["tls", [], 0, /^SUCCESS$/m],
  ["null_read", [], SIGSEGV, /^reading$/m],
  ["write_text", [], SIGSEGV, /^writing$/m],
  ["write_rodata", [], SIGSEGV, /^writing$/m],
  ["exec_data", [], SIGSEGV, /^calling$/m],
  ["forbidden_syscall", [], SIGSYS, /^calling$/m],
];

for (const [name, args, status, output] of ENDS) {
  Deno.test(`spt: ${name} ${args.join(" ")} ends with ${status}`, async () => {
    const result = await run(name, ...args);
    match(result.stdout, output);
    deepEqual([result.status, result.stderr], [status, ""]);
  });
}

Deno.test("spt: the value that guards the stack is another in every run, and no string holds it", async () => {
  const runs = [1, 2, 3, 4].map(() => run("guard", "--solo5:quiet"));
  const guards = (await Promise.all(runs)).map(({ stdout }) => stdout);
  for (const guard of guards) match(guard, /^(?!0{16})[0-9a-f]{14}00\nSUCCESS\n$/);
  equal(new Set(guards).size, guards.length);
});

Deno.test("spt: the command becomes the guest, with its status and its signal", async () => {
  const exit = await soloden("run", "--mem=32", await guest("exit_code", "spt"), "42");
  deepEqual([exit.status, exit.stderr], [42, ""]);
  const killed = await soloden("run", "--mem=32", "--", await guest("null_read", "spt"));
  deepEqual([killed.status, killed.stderr], [SIGSEGV, ""]);
});

Deno.test("spt: the library spawns a guest and sees how it ends", async () => {
  const child = await spawnImage(await image("exit_code", ["7"]));
  const { code, stdout } = await child.output();
  equal(code, 7);
  match(new TextDecoder().decode(stdout), /solo5_exit\(7\)/);
});

testUnless(notRoot, "spt: an ordinary user can run a packed guest", async () => {
  const result = await packed(
    await image("args", ["user"]),
    (path) => execute(path, [], { uid: 65534 }),
  );
  deepEqual([result.status, result.stderr], [0, ""]);
});

Deno.test("spt: nothing is mapped but guest memory, the launch page and the command line", async () => {
  const child = await spawnImage(await image("wait"));
  try {
    await untilPrinted(child.stdout, "waiting\n");
    const lines = Deno.readTextFileSync(`/proc/${child.pid}/maps`).trim().split("\n");
    // Linux's own heap is empty, and so nowhere.
    ok(!lines.some((line) => line.endsWith("[heap]")), lines.join("\n"));
    const maps = lines
      .filter((line) => !line.endsWith("[vsyscall]"))
      .map((line) => /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line)!)
      .map(([, start, end, mode]) => [parseInt(start!, 16), parseInt(end!, 16), mode!] as const);
    equal(maps[0]![0], 0x1_0000);
    const above = 32 * MIB + 0x1000;
    deepEqual(maps.slice(-2), [
      [above, above + 0x1000, "r-xp"],
      [above + 0x10_0000, above + 0x10_1000, "r--p"],
    ]);
    const memory = maps.slice(0, -2);
    memory.forEach(([start, , mode], index) => {
      if (index > 0) equal(start, memory[index - 1]![1], "guest memory has no holes");
      ok(!/wx/.test(mode), `${mode} is writable and executable`);
    });
    equal(memory.at(-1)![1], 32 * MIB);
  } finally {
    child.kill("SIGKILL");
    await child.stderr.cancel();
    await child.status;
  }
});

Deno.test("spt: no descriptor is left but the console, the epoll set and the timer", async () => {
  const child = await spawnImage(await image("wait"));
  try {
    await untilPrinted(child.stdout, "waiting\n");
    const open = [...Deno.readDirSync(`/proc/${child.pid}/fd`)].map(({ name }) => Number(name));
    deepEqual(open.sort(), [1, 3, 4]);
  } finally {
    child.kill("SIGKILL");
    await child.stderr.cancel();
    await child.status;
  }
});

Deno.test("spt: descriptors that the parent leaves open do not reach the guest", async () => {
  const script = "exec 5</etc/passwd 9</etc/passwd 1022</etc/passwd 1023</etc/passwd; " +
    'ulimit -n 5000 && exec 4999</etc/passwd; exec "$0"';
  await whileWaiting(["bash", "-c", script], (pid) => {
    const open = [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => Number(name));
    deepEqual(open.sort(), [1, 3, 4]);
  });
});

Deno.test("spt: signals that the parent blocks or ignores are the guest's again", async () => {
  const blocking = ["env", "--block-signal", "--ignore-signal=PIPE"];
  await whileWaiting(blocking, (pid) => {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    match(status, /^SigBlk:\t0+$/m);
    const [, ignored] = /^SigIgn:\t([0-9a-f]+)$/m.exec(status)!;
    equal(parseInt(ignored!, 16) >> (SIGPIPE - 1) & 1, 0);
  });
});

Deno.test("spt: a guest whose output nobody reads any more ends of that", async () => {
  await packed(await image("args"), async (path) => {
    const script = 'exec 3> >(true); wait $!; exec env --ignore-signal=PIPE "$0" >&3';
    equal((await execute("bash", ["-c", script, path])).status, 128 + SIGPIPE);
  });
});

Deno.test("spt: root's capabilities are none of the guest's", async () => {
  await whileWaiting([], (pid) => {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      match(status, new RegExp(`^${set}:\t0+$`, "m"));
    }
    match(status, /^NoNewPrivs:\t1$/m);
  });
});

Deno.test("spt: a packed guest shows what it was packed with, and its file's name", async () => {
  await whileWaiting(["env", "SECRET=1"], (pid) => {
    deepEqual(processOf(pid), {
      words: ["solo5-spt", "--mem=32", "wait.spt", "one", "two"],
      name: "packed",
      environment: "",
    });
  }, ["one", "two"]);
});

Deno.test("spt: a guest of the library shows what Solo5's tender would, and its unikernel's name", async () => {
  const child = await spawnImage(await image("wait", ["one"]));
  try {
    await untilPrinted(child.stdout, "waiting\n");
    deepEqual(processOf(child.pid), {
      words: ["solo5-spt", "--mem=32", "wait.spt", "one"],
      name: "wait.spt",
      environment: "",
    });
  } finally {
    child.kill("SIGKILL");
    await child.stderr.cancel();
    await child.status;
  }
});

const COMMANDS: readonly [name: string, before: string[], shown: string[]][] = [
  ["soloden", ["run"], ["soloden", "run"]],
  ["solo5-spt", [], ["solo5-spt"]],
];

for (const [name, before, shown] of COMMANDS) {
  Deno.test(`spt: a guest of ${name} shows the command's own words`, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      const mark = crypto.randomUUID();
      const file = join(directory, "a unikernel's long name.spt");
      Deno.copyFileSync(await guest("wait", "spt"), file);
      const main = ["run", "-A", join(ROOT, "main.ts"), `--called-as=${name}`];
      const child = new Deno.Command(Deno.execPath(), {
        args: [...main, ...before, "--mem=32", "--", file, mark],
        env: { SECRET: "1" },
        stdout: "piped",
      }).spawn();
      try {
        await untilPrinted(child.stdout, "waiting\n");
        deepEqual(processOf(child.pid), {
          words: [...shown, "--mem=32", "--", "a unikernel's long name.spt", mark],
          name: "a unikernel's l",
          environment: "",
        });
      } finally {
        child.kill("SIGKILL");
        await child.status;
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

testUnless(missingTool("pgrep"), "spt: pgrep finds a guest by its arguments", async () => {
  const mark = crypto.randomUUID();
  await whileWaiting([], async (pid) => {
    const found = await execute("pgrep", ["-f", `^solo5-spt --mem=32 wait.spt ${mark}$`]);
    equal(found.stdout, `${pid}\n`);
  }, [mark]);
});

Deno.test("spt: a launch that fails says for which program it was", async () => {
  for (const program of ["solo5-spt", "ŝölo5→spt"]) {
    await packed(await image("args", [], { program }), async (path) => {
      const { stderr } = await execute("sh", ["-c", "exec $0 >&-", path]);
      equal(stderr, `${program}: args.spt: cannot find the standard output: Bad file descriptor\n`);
    });
  }
});

/** What a list of processes shows of one. */
function processOf(pid: number): { words: string[]; name: string; environment: string } {
  const read = (file: string) => Deno.readTextFileSync(`/proc/${pid}/${file}`);
  const words = read("cmdline").split("\0");
  equal(words.pop(), "");
  return { words, name: read("comm").trim(), environment: read("environ") };
}

/** Looks at a packed guest that waits, started by a command that is given its path as the last word. */
async function whileWaiting(
  command: readonly string[],
  look: (pid: number) => void | Promise<void>,
  args: string[] = [],
): Promise<void> {
  await packed(await image("wait", args, { keep: true }), async (path) => {
    const [program, ...before] = [...command, path];
    const child = new Deno.Command(program!, { args: before, stdout: "piped" }).spawn();
    try {
      await untilPrinted(child.stdout, "waiting\n");
      await look(child.pid);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  });
}

Deno.test("spt: descriptors keep their numbers where standard input and error are closed", async () => {
  await packed(await image("time"), async (path) => {
    equal((await execute("sh", ["-c", "exec $0 <&- 2>&-", path])).status, 0);
  });
});

const FAILURES: readonly [what: string, script: string, message: RegExp][] = [
  [
    "a closed console",
    "exec $0 >&-",
    /^soloden: args.spt: cannot find the standard output: Bad file descriptor\n$/,
  ],
  [
    "no memory to be had",
    "ulimit -v 20000; exec $0",
    /^soloden: args.spt: cannot map guest memory: Cannot allocate memory\n$/,
  ],
  [
    "no descriptor to be had",
    "ulimit -n 3; exec $0",
    /^soloden: args.spt: cannot create the epoll set: Too many open files\n$/,
  ],
];

for (const [what, script, message] of FAILURES) {
  Deno.test(`spt: a launch that fails says which step: ${what}`, async () => {
    await packed(await image("args"), async (path) => {
      const { status, stdout, stderr } = await execute("sh", ["-c", script, path]);
      match(stderr, message);
      deepEqual([status, stdout], [1, ""]);
    });
  });
}
