/**
 * Guests that want out of a sandboxed process: each attack with the exact end that it meets.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseUnikernel, type Unikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { compileImage } from "../../../tender/spt/compile.ts";
import { encodeImage, spawnImage } from "../../../tender/spt/start.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { guest } from "../../guests.ts";
import { execute, writeProgram } from "../../soloden.ts";
import { runWith } from "./device_guests.ts";

const MEMORY = 4 * 2 ** 20;
const { calls } = LINUX.x86_64!;

/** How a guest ends: by a signal, which may depend on the kernel, or with what it printed. */
type End = "SIGSYS" | "SIGSEGV" | "SIGSYS or SIGSEGV" | RegExp;

const STATUS = { SIGSEGV: 128 + 11, SIGSYS: 128 + 31 } as const;

async function load(name: string): Promise<Unikernel> {
  return parseUnikernel(Deno.readFileSync(await guest(name, "spt")), { name: `${name}.spt` });
}

function compile(unikernel: Unikernel, words: string) {
  const args = ["--solo5:quiet", words];
  return compileImage(bind(unikernel, { memory: MEMORY, args }));
}

/** The end that a guest met: its status, and what it printed. */
async function attack(unikernel: Unikernel, words: string): Promise<[number, string]> {
  const child = await spawnImage(compile(unikernel, words));
  const { code, stdout, stderr } = await child.output();
  equal(new TextDecoder().decode(stderr), "");
  return [code, new TextDecoder().decode(stdout)];
}

function attacks(
  name: string,
  table: readonly (readonly [what: string, words: string, end: End])[],
) {
  for (const [what, words, end] of table) {
    Deno.test(`spt hostile: ${what}`, async () => {
      const [status, output] = await attack(await load(name), words);
      if (end instanceof RegExp) return match(output, end);
      const expected = end.split(" or ").map((name) => STATUS[name as keyof typeof STATUS]);
      ok(expected.includes(status), `${status}: ${output}`);
      match(output, /^(calling|touching)\n(written\n)?$/);
    });
  }
}

const TEXT = 0x10_0000;
const HEAP = MEMORY - 0x4_0000;
const LAUNCH = MEMORY + 0x1000;
const REFUSED = /^calling\nreturned an error\n/;

attacks("hostile_call", [
  ["opens a file", `s ${2} ${TEXT} 0`, "SIGSYS"],
  ["executes a program", "s 59 0 0 0", "SIGSYS"],
  ["forks", "s 57", "SIGSYS"],
  ["maps memory", "s 9 0 4096 7 0x22 -1 0", "SIGSYS"],
  ["makes its heap executable", `s 10 ${HEAP} 4096 7`, "SIGSYS"],
  ["grows its heap", "s 12 0x10000000", "SIGSYS"],
  ["makes a socket", "s 41 1 1 0", "SIGSYS"],
  ["signals its parent", "s 62 1 9", "SIGSYS"],
  ["traces a process", "s 101 16 1", "SIGSYS"],
  ["reads another process", "s 310 1", "SIGSYS"],
  ["makes an io_uring", `s 425 8 ${HEAP}`, "SIGSYS"],
  ["replaces its filter", `s 317 1 0 ${HEAP}`, "SIGSYS"],
  ["makes itself dumpable by prctl", "s 157 4 1", "SIGSYS"],
  ["sets a signal handler", `s 13 31 ${HEAP} 0 8`, "SIGSYS"],
  ["returns from a signal that never was", "s 15", "SIGSYS"],
  ["lifts its limits", `s 302 0 4 ${HEAP} 0`, "SIGSYS"],
  ["calls through the x32 table", `s ${0x4000_0000 + 1} 1 ${TEXT} 1`, "SIGSYS"],
  [
    "makes an allowed call with rubbish above its number's 32 bits",
    `s 0x100000001 1 ${HEAP} 0`,
    /^calling\nreturned 0\n/,
  ],
  ["calls number -1", "s -1", "SIGSYS"],
  ["calls by int 0x80", "i 4 1 0 0", "SIGSYS"],
  ["exits by int 0x80", "i 1 0", "SIGSYS"],
  ["writes to the standard error", `s 1 2 ${TEXT} 1`, "SIGSYS"],
  ["writes to the console, high half set", `s 1 0x100000001 ${TEXT} 1`, "SIGSYS"],
  ["reads the standard input", `s 0 0 ${HEAP} 1`, "SIGSYS"],
  ["reads from its console", `s 0 1 ${HEAP} 1`, "SIGSYS"],
  ["reads the timer", `s 0 4 ${HEAP} 8`, "SIGSYS"],
  ["reads a block that it was not given", `s 17 5 ${HEAP} 512 0`, "SIGSYS"],
  ["waits on another descriptor", `s 281 4 ${HEAP} 1 0 0`, "SIGSYS"],
  ["changes what it waits for", `s 233 3 1 0 ${HEAP}`, "SIGSYS"],
  ["sets another timer", `s 286 3 0 ${HEAP} 0`, "SIGSYS"],
  ["asks for the time of a process", `s 228 2 ${HEAP}`, "SIGSYS"],
  ["sets GS by arch_prctl", `s 158 0x1001 ${HEAP}`, "SIGSYS"],
  ["reads FS by arch_prctl", `s 158 0x1003 ${HEAP}`, "SIGSYS"],
  ["turns CPUID faults off", "s 158 0x1012 1", "SIGSYS"],
  ["asks for the vdso again", "s 158 0x2003 0x10000000", "SIGSYS"],
  ["asks for wide vector state", "s 158 0x1023 18", "SIGSYS"],
  ["prints what lies above its memory", `s 1 1 ${MEMORY} 16`, REFUSED],
  ["prints the kernel", "s 1 1 0xffffffff81000000 16", REFUSED],
  ["prints where a process's stack would be", "s 1 1 0x7ffffffde000 16", REFUSED],
  ["has the kernel write to its text", `s 228 0 ${TEXT}`, REFUSED],
  ["has the kernel write above its memory", `s 228 0 ${MEMORY + 0x100}`, REFUSED],
  ["has the kernel write to the launch page", `s 228 0 ${LAUNCH}`, REFUSED],
]);

attacks("hostile_touch", [
  ["reads address 0", "r 0", "SIGSEGV"],
  ["reads below its memory", "r 0xfff8", "SIGSEGV"],
  ["reads right above its memory", `r ${MEMORY}`, "SIGSEGV"],
  ["reads behind the launch page", `r ${LAUNCH + 0x1000}`, "SIGSEGV"],
  ["writes to its command line", `w ${LAUNCH + 0x10_0000}`, "SIGSEGV"],
  ["executes its command line", `x ${LAUNCH + 0x10_0000}`, "SIGSEGV"],
  ["reads where the launch had its scratch memory", `r ${LAUNCH + 0x20_0000}`, "SIGSEGV"],
  ["reads where a process's stack would be", "r 0x7ffffffde000", "SIGSEGV"],
  ["reads the kernel", "r 0xffffffff81000000", "SIGSEGV"],
  ["reads the vsyscall page", "r 0xffffffffff600000", "SIGSEGV"],
  ["calls the vsyscall page", "x 0xffffffffff600400", "SIGSYS or SIGSEGV"],
  ["writes to its text", `w ${TEXT}`, "SIGSEGV"],
  ["writes to the launch page", `w ${LAUNCH}`, "SIGSEGV"],
  ["executes its heap", `p ${HEAP}`, "SIGSEGV"],
  ["executes its stack", `p ${MEMORY - 0x2000}`, "SIGSEGV"],
  ["executes its boot page", "p 0x10000", "SIGSEGV"],
  ["launches itself once more", `x ${LAUNCH}`, "SIGSYS"],
]);

attacks("hostile_compat", [
  ["calls by int 0x80 from 32-bit code", "i", "SIGSYS"],
]);

for (
  const [what, words] of [["capacity", "c"], ["block size", "s"], ["descriptor", "f"]] as const
) {
  Deno.test(`spt hostile: changes the ${what} in its device table, and asks`, async () => {
    const path = Deno.makeTempFileSync();
    try {
      Deno.truncateSync(path, 8192);
      const ended = await runWith("hostile_table", { storage: block.file(path) }, [words]);
      deepEqual([ended.status, ended.output], [STATUS.SIGSYS, "asking\n"]);
    } finally {
      Deno.removeSync(path);
    }
  });
}

Deno.test("spt hostile: reads all that it can, and finds no directory of the host", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = `${directory}/storage.img`;
    Deno.writeFileSync(path, new Uint8Array(512));
    const dumped = async (range: string) => {
      const { status, output } = await runWith("hostile_dump", { storage: block.file(path) }, [
        range,
      ]);
      equal(status, 0);
      return output;
    };
    const low = await dumped(`${0x1_0000} ${0x10_0000}`);
    const above = await dumped(`${MEMORY} ${MEMORY + 0x200_0000}`);
    // What others see as its command line is what a guest knows of where it is.
    for (const output of [low, above]) {
      ok(output.includes("\0--block:storage=storage.img\0"));
      ok(!output.includes(directory), "the guest knows the directory");
      ok(!output.includes("cannot open"), "the guest knows what its launch would have said");
    }
    // The launch page and the command line's.
    deepEqual(above.match(/--block:storage=/g)?.length, 1);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("spt hostile: each number from 0 to 600, and of the x32 range, with no arguments", async () => {
  const unikernel = await load("hostile_call");
  const ends = new Map<number, string>();
  const numbers = Array.from({ length: 601 }, (_, number) => number);
  const x32 = Array.from({ length: 38 }, (_, index) => 0x4000_0000 + 510 + index);
  const queue = [...numbers, ...x32].values();
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const number of queue) {
      const [status, output] = await attack(unikernel, `s ${number}`);
      if (status !== STATUS.SIGSYS || output !== "calling\n") {
        ends.set(number, `${status} ${output}`);
      }
    }
  }));
  // What newer kernels pass by every filter, since nothing but their own probes can use it: without
  // a probe it is an illegal instruction, or refused.
  for (const probe of [335, 336]) {
    match(ends.get(probe) ?? "132 calling\n", /^(132 calling\n|0 calling\nreturned an error\n)$/);
    ends.delete(probe);
  }
  // The wall clock, into address 0, and the end, with status 0.
  deepEqual(Object.fromEntries(ends), {
    [calls.clock_gettime]: "0 calling\nreturned an error\n",
    [calls.exit_group]: "0 calling\n",
  });
});

Deno.test("spt hostile: a parent's personality opens nothing", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    for (
      const [flags, words] of [["-X", `p ${HEAP}`], ["-Z", "r 0"], ["-L", "r 0xfff8"]] as const
    ) {
      const path = `${directory}/packed${flags}`;
      const bytes = encodeImage(compile(await load("hostile_touch"), words));
      writeProgram(path, bytes);
      const { status, stdout } = await execute("setarch", ["x86_64", flags, path]);
      // Page 0 is sealed on newer kernels: then the launch refuses to go on.
      const ends: number[] = flags === "-Z" ? [STATUS.SIGSEGV, 1] : [STATUS.SIGSEGV];
      ok(ends.includes(status), `${flags}: ${status} ${stdout}`);
      ok(!stdout.includes("it can be touched"), `${flags}: ${stdout}`);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("spt hostile: a guest that crashes leaves a core dump only where its parent allows one", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const bytes = encodeImage(compile(await load("hostile_touch"), "r 0"));
    writeProgram(`${directory}/packed`, bytes);
    const { status } = await execute("sh", ["-c", "ulimit -c 0; exec ./packed"], {
      cwd: directory,
    });
    equal(status, STATUS.SIGSEGV);
    deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["packed"]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
