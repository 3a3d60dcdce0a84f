/**
 * Descriptors of network devices: what is inherited and passes frames is taken, by every way to start a
 * guest, and all else is refused in one line.
 */
import { deepEqual, match } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../../guests.ts";
import { testUnless } from "../../needs.ts";
import { execute, type Result, ROOT, soloden } from "../../soloden.ts";
import { kvmTest } from "../hvt/kvm_available.ts";

/** A way to start a guest that has a network device. */
interface Way {
  readonly name: string;
  /** The command, for a guest whose device is a descriptor. */
  command(fd: number, directory: string): Promise<readonly string[]>;
  readonly test?: typeof kvmTest;
  /** Whether it has descriptors of its own. */
  readonly isRuntime: boolean;
}

const MAIN = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts")];
const MEMORY = "--mem=2";

/** A command that starts a guest of a target. */
function runs(target: "spt" | "hvt", words: readonly string[]): Way["command"] {
  return async (fd) => {
    const file = await guest("net_info", target);
    return [...MAIN, ...words, MEMORY, `--net:service=@${fd}`, file, "--solo5:quiet"];
  };
}

const WAYS: readonly Way[] = [
  { name: "run, spt", command: runs("spt", ["run"]), isRuntime: true },
  { name: "run, hvt", command: runs("hvt", ["run"]), isRuntime: true, test: kvmTest },
  { name: "solo5-spt", command: runs("spt", ["--called-as=solo5-spt"]), isRuntime: true },
  {
    name: "packed",
    command: async (fd, directory) => {
      const packed = join(directory, "packed");
      const file = await guest("net_info", "spt");
      const options = [MEMORY, "-o", packed, `--net:service=@${fd}`];
      deepEqual(await soloden("pack", ...options, file, "--solo5:quiet"), NOTHING);
      return [packed];
    },
    isRuntime: false,
  },
];

const NOTHING: Result = { status: 0, stdout: "", stderr: "" };
const NO_FRAMES = /: Is neither a socket, a TAP interface nor a pipe\n$/;

/** What descriptor 3 is, for a shell that puts it before the command; and what is said of it. */
const DESCRIPTORS: readonly (readonly [what: string, redirection: string, refused?: RegExp])[] = [
  ["a file", "3</etc/passwd", NO_FRAMES],
  ["a directory", "3</", NO_FRAMES],
  ["a device that is none of the network", "3</dev/zero", NO_FRAMES],
  ["a terminal", "3<>/dev/ptmx", NO_FRAMES],
  ["an interface that is not attached", "3<>/dev/net/tun", NO_FRAMES],
  ["a pipe", "3> >(wc -c | grep -q .)"],
  ["a pipe with a name", '3<>"$0/pipe"'],
];

/** Why a device of the host cannot be opened here. */
function cannotOpen(path: string): string | undefined {
  try {
    Deno.openSync(path).close();
  } catch (error) {
    return (error as Error).message;
  }
}

async function start(way: Way, fd: number, redirection: string): Promise<Result> {
  const directory = Deno.makeTempDirSync();
  try {
    const { status } = await execute("mkfifo", [join(directory, "pipe")]);
    deepEqual(status, 0);
    const command = await way.command(fd, directory);
    const script = `exec "$@" ${redirection}`;
    return await execute("bash", ["-c", script, directory, ...command]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

for (const way of WAYS) {
  const test = way.test ?? Deno.test;
  for (const [what, redirection, refused] of DESCRIPTORS) {
    const end = refused ? "refused" : "taken";
    const device = /\/dev\/\S+/.exec(redirection)?.[0];
    const missing = device === undefined ? undefined : cannotOpen(device);
    const name = `descriptor, ${way.name}: ${what} is ${end}`;
    if (missing !== undefined) {
      testUnless(missing, name, () => {});
      continue;
    }
    test(name, async () => {
      const { status, stdout, stderr } = await start(way, 3, redirection);
      if (refused === undefined) {
        match(stdout, /SUCCESS\n$/);
        deepEqual([status, stderr], [0, ""]);
      } else {
        match(stderr, refused);
        deepEqual([status, stdout], [1, ""]);
      }
    });
  }
  if (!way.isRuntime) continue;
  test(`descriptor, ${way.name}: the runtime's own are refused, and standard error`, async () => {
    for (const fd of [2, 3, 4, 5, 6, 7, 8, 9, 11]) {
      const { status, stdout, stderr } = await start(way, fd, "");
      const reasons = "Is not inherited, but closed on exec|Bad file descriptor|" +
        "Not a descriptor for a network device: 2";
      match(stderr, new RegExp(`^.*(${reasons})\n`));
      deepEqual([status, stdout], [1, ""]);
    }
  });
}
