/**
 * Clones are as confined as any guest: their memory is mapped and protected as that of a guest that is run
 * alone, and what they share cannot be changed.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { memoryFile } from "../../linux/exec.ts";
import { mappings } from "../../linux/other_process.ts";
import { seal } from "../../linux/seal.ts";
import { writeAt } from "../../linux/transfer.ts";
import { Pool } from "../../pool/pool.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import { run, start } from "../../tender/run/event_loop.ts";
import { guest } from "../guests.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

const OPTIONS = { memory: "16 MiB", args: ["--solo5:quiet"] };

async function load(name: string, target: TenderTarget, called = name): Promise<Unikernel> {
  return parseUnikernel(await Deno.readFile(await guest(name, target)), { name: called });
}

for (const target of ["spt", "hvt"] as const) {
  const test = target === "hvt" ? kvmTest : Deno.test;
  test(`confined: a clone that breaks ends as a guest alone does, ${target}`, async () => {
    await using pool = new Pool();
    for (const name of ["write_text", "write_rodata", "exec_data", "exec_heap", "null_read"]) {
      const unikernel = await load(name, target);
      const alone = await run(bind(unikernel, OPTIONS), { console: () => {} });
      const image = await pool.prepare(unikernel, OPTIONS);
      const clone = await pool.start(image, { ...OPTIONS, console: () => {} }).outcome;
      equal(clone.kind, "fault", name);
      deepEqual(clone, alone, name);
    }
  });
}

/** What is mapped in the one process of a name, however many pieces it consists of. */
function memoryOf(name: string): string[] {
  const pids = [...Deno.readDirSync("/proc")].map((entry) => Number(entry.name)).filter((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/comm`).trim() === name;
    } catch {
      return false;
    }
  });
  equal(pids.length, 1);
  const merged: { start: number; end: number; access: string }[] = [];
  for (const { start, end, read, write, execute } of mappings(pids[0]!, 2 ** 47)) {
    const access = `${read ? "r" : "-"}${write ? "w" : "-"}${execute ? "x" : "-"}`;
    const last = merged.at(-1);
    if (last?.end === start && last.access === access) last.end = end;
    else merged.push({ start, end, access });
  }
  return merged.map(({ start, end, access }) =>
    `${start.toString(16)}-${end.toString(16)} ${access}`
  );
}

Deno.test("confined: a clone's memory is mapped as that of a guest alone", async () => {
  const name = `m${crypto.randomUUID().slice(0, 8)}`;
  const unikernel = await load("wait", "spt", name);
  const said = Promise.withResolvers<void>();
  const alone = await start(bind(unikernel, OPTIONS), { console: () => said.resolve() });
  await said.promise;
  const expected = memoryOf(name);
  await alone[Symbol.asyncDispose]();
  await using pool = new Pool();
  const started = pool.start(await pool.prepare(unikernel, OPTIONS), OPTIONS);
  await started.console.getReader().read();
  const mapped = memoryOf(name);
  // What comes last is the launch, which has more steps, and the command line.
  deepEqual(mapped.slice(0, -2), expected.slice(0, -2));
  const accesses = (lines: string[]) => lines.map((line) => line.split(" ")[1]);
  deepEqual(accesses(mapped), accesses(expected));
  deepEqual(accesses(expected), ["rw-", "r-x", "r--", "rw-", "r-x", "r--"]);
});

Deno.test("confined: what clones share cannot be changed, not even by their program", async () => {
  const name = `s${crypto.randomUUID().slice(0, 8)}`;
  await using pool = new Pool();
  const image = await pool.prepare(await load("wait", "spt", name), OPTIONS);
  const started = pool.start(image, OPTIONS);
  await started.console.getReader().read();
  const files = memoryFiles(name);
  // Its memory, and its launch.
  equal(files.length, 2);
  for (const fd of files) equal(writeAt(fd, Uint8Array.of(1), { offset: 0 }), false);
});

/** This process's descriptors of files in memory of a name. */
function memoryFiles(name: string): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].map((entry) => Number(entry.name)).filter((fd) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${fd}`).startsWith(`/memfd:${name}`);
    } catch {
      return false;
    }
  });
}

Deno.test("confined: a file that is sealed takes no byte, and stays sealed", () => {
  const file = memoryFile("sealed", Uint8Array.of(1, 2, 3));
  try {
    seal(file.descriptor);
    equal(writeAt(file.descriptor, Uint8Array.of(4), { offset: 0 }), false);
    throws(() => Deno.truncateSync(file.path, 1));
    throws(() => seal(file.descriptor));
  } finally {
    file.close();
  }
});
