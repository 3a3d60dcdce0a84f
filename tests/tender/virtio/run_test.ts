/**
 * Guests of virtio under the command and the library: what reaches QEMU, and what comes of its end.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { block, type Device, type GuestOptions, net, type Outcome, run } from "../../../mod.ts";
import { endOf } from "../../../tender/virtio/qemu.ts";
import { loadTender } from "../../../tender/virtio/tender.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { childrenOf, ownChildren } from "../../processes.ts";
import { execute, kill, ROOT, soloden } from "../../soloden.ts";
import { socketPair } from "../devices/socket_pair.ts";
import { buildDebug, noGdb } from "../observe/gdb/harness.ts";
import { endOfGuest, load } from "./guest_end.ts";
import { noQemu } from "./qemu_machine.ts";

/** How a guest ends in QEMU, and what it prints. */
async function ended(name: string, given?: GuestOptions): Promise<[Outcome, string]> {
  return await endOfGuest(await load(name, given), { emulator: "qemu" });
}

Deno.test("virtio: a launch is a plain value, compiled without looking at the host", async () => {
  const tender = await loadTender();
  const given = await load("args", { args: ["one", "two,  three"], memory: "64 MiB" });
  const { kernel, ...launch } = tender.compile(given, { devices: [], accelerator: "tcg" });
  deepEqual(launch, {
    name: "args",
    machine: { cmdline: "one two,  three", memory: 64, accelerator: "tcg", devices: [] },
  });
  equal(
    kernel.length,
    given.unikernel.segments.at(-1)!.address +
      given.unikernel.segments.at(-1)!.data.length - 0x10_0000,
  );
});

Deno.test("virtio: QEMU's end is the guest's status, or 83 of a guest that says none", () => {
  const said = (...bytes: number[]) => Uint8Array.from(bytes);
  deepEqual(endOf(83, said(7)), { kind: "exit", status: 7 });
  deepEqual(endOf(83, said()), { kind: "exit", status: 83 });
  deepEqual(endOf(0, said(7)), { kind: "reset" });
  deepEqual(endOf(1, said()), { kind: "failed", status: 1 });
});

const ENDS: readonly [name: string, args: string[], outcome: Outcome, output: RegExp][] = [
  ["exit_code", ["42"], { kind: "exit", status: 42 }, /^$/],
  ["abort", [], { kind: "abort" }, /solo5_abort|^$/],
  ["undefined", [], { kind: "abort" }, /#UD/],
  ["triple_fault", [], {
    kind: "fault",
    fault: "trap",
    reason: "triple-fault",
    message: "the machine was reset, as by a triple fault",
  }, /^trapping\n$/],
];

for (const [name, args, outcome, output] of ENDS) {
  testUnless(noQemu, `virtio: ${name} ends with ${outcome.kind}`, async () => {
    const [seen, printed] = await ended(name, { args: ["--solo5:quiet", ...args] });
    deepEqual(seen, outcome);
    match(printed, output);
  });
}

testUnless(
  noQemu,
  "virtio: what QEMU refuses is the host's fault, in QEMU's words",
  () =>
    inDirectory(async (directory) => {
      const path = join(directory, "disk");
      Deno.writeFileSync(path, new Uint8Array(4096));
      const tender = await loadTender([block.file(path)]);
      const given = await load("block", { devices: { storage: block.file(path) } });
      using host = tender.open(given, { emulator: "qemu" });
      // Gone, after it was looked at.
      Deno.removeSync(path);
      await using started = await host.start(tender.compile(given, host.facts), {});
      const outcome = await started.outcome;
      ok(outcome.kind === "fault" && outcome.reason === "host");
      match(outcome.message, /^qemu-system-x86_64: .*No such file or directory/);
    }),
);

testUnless(
  noQemu,
  "virtio: an overlay takes writes that the storage does not get",
  () =>
    inDirectory(async (directory) => {
      const path = join(directory, "disk");
      Deno.writeFileSync(path, new Uint8Array(4096));
      for (const [access, changed] of [["overlay", false], ["rw", true]] as const) {
        const devices = { storage: block.file(path, { access }) };
        const [outcome, output] = await ended("block", { devices });
        deepEqual([outcome, output], [{ kind: "exit", status: 0 }, "SUCCESS\n"]);
        equal(Deno.readFileSync(path).some((byte) => byte !== 0), changed, access);
      }
    }),
);

testUnless(noQemu, "virtio: a descriptor that QEMU cannot use is refused", async () => {
  using pair = socketPair();
  const devices: Record<string, Device> = { service: net.fd(pair.guest) };
  const message =
    `@${pair.guest}: Is neither a datagram socket nor a TAP interface, which QEMU needs`;
  await rejects(ended("net", { devices }), { code: "device", message });
});

testUnless(noQemu, "virtio: limits of time and output stop QEMU", async () => {
  const limited = async (name: string, limits: NonNullable<Parameters<typeof run>[1]>["limits"]) =>
    await run(await load(name), { emulator: "qemu", console: () => {}, limits });
  deepEqual(await limited("wait", { timeout: 300 }), {
    kind: "limit",
    limit: "timeout",
    value: 300,
  });
  deepEqual(await limited("spin", { cpuTime: 1000 }), {
    kind: "limit",
    limit: "cpuTime",
    value: 1000,
  });
  deepEqual(await limited("output", { consoleRate: 10 }), {
    kind: "limit",
    limit: "consoleRate",
    value: 10,
  });
});

testUnless(noQemu, "virtio: a kill ends QEMU", async () => {
  const killer = new AbortController();
  const ending = run(await load("wait"), {
    emulator: "qemu",
    console: () => killer.abort(),
    signal: killer.signal,
  });
  setTimeout(() => killer.abort(), 500);
  deepEqual(await ending, { kind: "signal", signal: 9 });
});

testUnless(noQemu, "virtio: a signal that ends QEMU is the guest's end", async () => {
  for (const [signal, number] of [["SIGTERM", 15], ["SIGSEGV", 11]] as const) {
    const tender = await loadTender();
    const given = await load("spin");
    using host = tender.open(given, { emulator: "qemu" });
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    await using started = await host.start(tender.compile(given, host.facts), {
      console: () => resolve(),
    });
    await begun;
    const [qemu, ...others] = ownChildren();
    deepEqual(others, []);
    match(Deno.readTextFileSync(`/proc/${qemu}/cmdline`), /^[^\0]*qemu-system-x86_64\0/);
    Deno.kill(qemu!, signal);
    deepEqual(await started.outcome, { kind: "signal", signal: number });
  }
});

testUnless(noQemu, "virtio: whoever else has the command's output finds it as it was", async () => {
  const file = await guest("wait", "virtio");
  const main = `"${Deno.execPath()}" run -A --no-check "${join(ROOT, "main.ts")}"`;
  // Of the pipe that the shell shares with the command, once QEMU was killed.
  const script =
    `${main} run --emulator=qemu --mem=32 --timeout=1 "$0" >&2; grep ^flags /proc/self/fdinfo/2`;
  const { stdout } = await execute("sh", ["-c", script, file]);
  equal(parseInt(stdout.split(/\s+/)[1]!, 8) & 0o4000, 0);
});

testUnless(noQemu, "virtio: QEMU ends with the command, however that ends", async () => {
  const file = await guest("spin", "virtio");
  for (const [signal, status] of [["SIGKILL", 137], ["SIGTERM", 143], ["SIGINT", 130]] as const) {
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", join(ROOT, "main.ts")],
        ...["run", "--emulator=qemu", "--mem=32", file, "p"],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    try {
      const reader = command.stdout.getReader();
      ok((await reader.read()).value);
      const [qemu, ...others] = childrenOf(command.pid);
      deepEqual(others, []);
      match(Deno.readTextFileSync(`/proc/${qemu}/cmdline`), /^[^\0]*qemu-system-x86_64\0/);
      command.kill(signal);
      equal((await command.status).code, status);
      await reader.cancel();
      for (let tries = 0; isThere(qemu!); tries++) {
        ok(tries < 500, `QEMU goes on after ${signal}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      kill(command);
      await command.status;
    }
  }
});

function isThere(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

const REFUSED: readonly [option: string, line: string][] = [
  [
    "--trace",
    "--trace is not for virtio: it makes no hypercalls that could be looked at; run it on hvt",
  ],
  [
    "--stats",
    "--stats is not for virtio: it makes no hypercalls that could be looked at; run it on hvt",
  ],
  ["--cpu=baseline", "--cpu is not for virtio: the guest's CPU is QEMU's"],
  ["--no-net-ring", "--no-net-ring is not for virtio: virtio has queues of its own for frames"],
  ["--no-confine", "--no-confine is not for virtio: nothing confines QEMU"],
];

for (const [option, line] of REFUSED) {
  testUnless(noQemu, `virtio: ${option} is refused in one line`, async () => {
    const file = await guest("globals", "virtio");
    deepEqual(await soloden("run", "--emulator=qemu", option, file), {
      status: 1,
      stdout: "",
      stderr: `soloden: ${line}\n`,
    });
  });
}

testUnless(
  noQemu ?? noGdb,
  "virtio: gdb stops a guest where it is asked to, and sees its variables",
  () =>
    inDirectory(async (directory) => {
      const file = await buildDebug("args", { target: "virtio", directory });
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      listener.close();
      const debugged = soloden("run", "--mem=32", `--gdb=${port}`, file, "--solo5:quiet", "one");
      // It tries again until QEMU is there.
      const script = [`target remote 127.0.0.1:${port}`, "break solo5_app_main", "continue"];
      const commands = [...script, "print info->cmdline", "continue"];
      const { stdout } = await execute("timeout", [
        ...["30", "gdb", "-nx", "-batch", ...commands.flatMap((command) => ["-ex", command]), file],
      ]);
      match(stdout, /Breakpoint 1, solo5_app_main[^]*\$1 = 0x[0-9a-f]+.* "one"/);
      const { status, stdout: printed, stderr } = await debugged;
      deepEqual([status, printed], [0, "[one]\nSUCCESS\n"]);
      ok(stderr.endsWith(`waiting for gdb: gdb ${file} -ex 'target remote 127.0.0.1:${port}'\n`));
    }),
);

testUnless(noQemu, "virtio: gdb needs a port that QEMU is told", async () => {
  const { status, stderr } = await soloden("run", "--gdb=0", await guest("globals", "virtio"));
  equal(status, 1);
  match(stderr, /\nsoloden: --gdb: QEMU needs the number of a port, and takes no free one\n$/);
});

testUnless(noQemu, "virtio: there are no snapshots", async () => {
  const given = await load("globals");
  const tender = await loadTender();
  using host = tender.open(given, { emulator: "qemu" });
  await rejects(host.start(tender.compile(given, host.facts), { mark: () => {} }), {
    code: "option",
    message: "no snapshots of guests of virtio: their bindings start none",
  });
});

testUnless(noQemu, "virtio: without QEMU, a line says what to install", async () => {
  const file = await guest("globals", "virtio");
  const words = ["run", "-A", "--no-check", join(ROOT, "main.ts"), "run", "--emulator=qemu", file];
  deepEqual(await execute(Deno.execPath(), words, { env: { PATH: "/nowhere" } }), {
    status: 1,
    stdout: "",
    stderr: "soloden: qemu-system-x86_64: not found; apt-get install qemu-system-x86\n",
  });
});

testUnless(
  noQemu,
  "virtio: -t puts a portable unikernel on it, and -v says how it runs",
  async () => {
    const file = await guest("args", "any");
    const { status, stdout, stderr } = await soloden(
      ...["run", "-v", "-t", "virtio", "--emulator=qemu", file, "--solo5:quiet", "one,two"],
    );
    deepEqual([status, stdout], [0, "[one,two]\nSUCCESS\n"]);
    match(stderr, /^soloden: .*: runs on virtio, in QEMU, with(out)? KVM\n$/);
  },
);
