/**
 * The process of a confined hvt tender, seen from outside while its guest runs.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { block } from "../../../tender/devices/block/device.ts";
import { guest } from "../../guests.ts";
import { untilPrinted } from "../../netns.ts";
import { execute, kill, ROOT } from "../../soloden.ts";
import { kvmTest } from "./kvm_available.ts";
import { hostWorld } from "./machine.ts";

/** Each way to run a guest that confines the tender: what comes before the guest's file. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "run": ["run", "--mem=4"],
  "run with limits": ["run", "--mem=4", "--timeout=60", "--console-rate=1000"],
  "run with a trace": ["run", "--mem=4", "--trace"],
  "solo5-hvt": ["--called-as=solo5-hvt", "--mem=4"],
};

/** What lies before the tender's own command line. */
type Wrapper = readonly string[];

/** Looks at a tender whose guest waits. */
async function whileItRuns(
  words: readonly string[],
  look: (directory: string) => void,
  wrapper: Wrapper = [],
): Promise<void> {
  const tender = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), ...words];
  const [program, ...args] = [...wrapper, ...tender, await guest("spin", "hvt"), "w"];
  const options = { args, stdin: "null", stdout: "piped", stderr: "null" } as const;
  const child = new Deno.Command(program!, options).spawn();
  try {
    await untilPrinted(child.stdout, "begin\n");
    look(`/proc/${child.pid}`);
  } finally {
    kill(child);
    await child.status;
  }
}

for (const [name, words] of Object.entries(WAYS)) {
  kvmTest(`confinement: ${name}: every thread is confined while the guest runs`, async () => {
    await whileItRuns(words, (directory) => {
      const threads = [...Deno.readDirSync(`${directory}/task`)];
      ok(threads.length > 1);
      for (const thread of threads) {
        const { Name, ...status } = statusOf(`${directory}/task/${thread.name}`);
        deepEqual([status.Seccomp, status.NoNewPrivs], ["2", "1"], Name);
        const capabilities = [status.CapEff, status.CapPrm, status.CapInh, status.CapAmb];
        deepEqual(capabilities, Array(4).fill("0000000000000000"), Name);
      }
    });
  });
}

kvmTest("confinement: the process ends with its guest, before the runtime does more", async () => {
  // The runtime tells of an end of its own, and not of one that it is asked for.
  const told = `addEventListener("beforeunload", () => console.log("the runtime goes on"));`;
  const preload = `--preload=data:text/javascript,${encodeURIComponent(told)}`;
  const { status, stdout } = await execute(Deno.execPath(), [
    ...["run", "-A", preload, join(ROOT, "main.ts")],
    ...[...WAYS.run!, await guest("exit_code", "hvt"), "--solo5:quiet", "3"],
  ]);
  deepEqual([status, stdout], [3, ""]);
});

for (const observed of [[], ["--stats"]]) {
  const options = ["--no-confine", ...observed].join(" ");
  kvmTest(`confinement: ${options}: the tender keeps its rights`, async () => {
    await whileItRuns(["run", "--mem=4", "--no-confine", ...observed], (directory) => {
      const { Seccomp, NoNewPrivs } = statusOf(directory);
      deepEqual([Seccomp, NoNewPrivs], ["0", "0"]);
    });
  });
}

kvmTest(
  "confinement: of what it inherited, a tender keeps its standard output and error",
  async () => {
    // Below and above 1024, the soft limit of most shells; and in the midst of the runtime's own.
    const inherited = [3, 7, 55, 1023, 1024, 1500];
    // More than the kernel lists at once.
    inherited.push(...Array.from({ length: 300 }, (_, index) => 1600 + index));
    const open = inherited.map((fd) => `exec ${fd}<"$0"`).join("; ");
    const file = Deno.makeTempFileSync({ prefix: "soloden-inherited-" });
    try {
      const wrapper = ["bash", "-c", `${open}; exec 0<"$0"; exec "$@"`, file];
      await whileItRuns(
        WAYS.run!,
        (directory) => {
          const open = [...Deno.readDirSync(`${directory}/fd`)].map(({ name }) => Number(name));
          const targets = open.map((fd) => Deno.readLinkSync(`${directory}/fd/${fd}`));
          deepEqual(targets.filter((target) => target === file), []);
          deepEqual([0, 1, 2].filter((fd) => open.includes(fd)), [1, 2]);
          ok(targets.includes("anon_inode:kvm-vcpu:0"));
        },
        wrapper,
      );
    } finally {
      Deno.removeSync(file);
    }
  },
);

Deno.test("confinement: both files of an overlay are devices' descriptors", () => {
  const path = Deno.makeTempFileSync({ prefix: "soloden-overlay-" });
  try {
    Deno.truncateSync(path, 512);
    for (const [access, count] of [["rw", 1], ["ro", 1], ["overlay", 2]] as const) {
      const device = block.file(path, { access });
      using world = hostWorld([{ handle: 1, name: "storage", device }]);
      equal(new Set(world.devices[0]!.descriptors).size, count, access);
    }
  } finally {
    Deno.removeSync(path);
  }
});

/** The fields of a thread's status. */
function statusOf(directory: string): Record<string, string> {
  const lines = Deno.readTextFileSync(`${directory}/status`).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/)));
}
