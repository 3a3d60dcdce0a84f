/**
 * The command `doctor`: what it finds on invented hosts, and on this one.
 */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { ToolchainError } from "../../bindings/error.ts";
import { examineCompiler, formatFindings, isWell } from "../../commands/doctor.ts";
import type { Finding } from "../../commands/doctor/finding.ts";
import { examineMemory, examineTun } from "../../commands/doctor/host.ts";
import { examineKvm, type KvmProbe } from "../../commands/doctor/kvm.ts";
import { examineSpt } from "../../commands/doctor/spt.ts";
import { TenderError } from "../../tender/error.ts";
import { ERRNO, SystemError } from "../../linux/libc.ts";
import { type Outcome, signalOutcome } from "../../tender/outcome.ts";
import { execute, ROOT, soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";

const refusing = (errno: number) => () => {
  throw new SystemError("open", errno, "/dev/it");
};

/** A host with a KVM, but for what a test says. */
function kvm(host: Partial<KvmProbe> = {}): Finding {
  return examineKvm({
    open: () => {},
    measure: () => 1e9,
    vendor: () => "GenuineIntel",
    permit: () => ({ command: "let me", login: false }),
    ...host,
  });
}

Deno.test("doctor: kvm is there, slow, or not there", () => {
  equal(kvm().state, "ok");
  const slow = kvm({ measure: () => 4e5 });
  equal(slow.state, "warning");
  match(slow.detail, /emulates them: 0\.40 million/);
  const absent = kvm({ open: refusing(ERRNO.ENOENT) });
  deepEqual([absent.state, absent.fix], ["fault", "sudo modprobe kvm_intel"]);
  const amd = kvm({ open: refusing(ERRNO.ENODEV), vendor: () => "AuthenticAMD" });
  equal(amd.fix, "sudo modprobe kvm_amd");
  const open = refusing(ERRNO.EACCES);
  equal(kvm({ open }).fix, "let me");
  const permit = () => ({ command: "let me", login: true });
  equal(kvm({ open, permit }).fix, 'let me && exec su - "$USER"');
  match(kvm({ open: refusing(ERRNO.EPERM) }).fix!, /--device \/dev\/kvm/);
  const broken = kvm({
    measure: () => {
      throw new TenderError("host", "a guest does not run");
    },
  });
  deepEqual([broken.state, broken.detail], ["fault", "a guest does not run"]);
  ok(broken.fix !== undefined);
});

Deno.test("doctor: a fault of its own is none of the host's", () => {
  const open = () => {
    throw new RangeError("ours");
  };
  throws(() => kvm({ open }), RangeError);
});

Deno.test("doctor: a filter that does not hold is a fault, as is a guest that cannot be launched", async () => {
  const answers = (...outcomes: Outcome[]) => examineSpt(() => Promise.resolve(outcomes.shift()!));
  const exit = { kind: "exit", status: 0 } as const;
  equal((await answers(exit, signalOutcome(31))).state, "ok");
  match((await answers(exit, exit)).detail, /a forbidden system call was not stopped/);
  const message = "soloden: probe: cannot install the filter: Invalid argument";
  match(
    (await answers({ kind: "fault", fault: "host", reason: "host", message })).detail,
    /cannot install/,
  );
  const refused = await examineSpt(refusing(ERRNO.EACCES));
  deepEqual([refused.state, refused.fix], ["fault", "sudo sysctl vm.memfd_noexec=0"]);
});

Deno.test("doctor: tun, the compiler and memory, each with its fix", () => {
  const tun = (open: () => void) =>
    examineTun({ open, permit: () => ({ command: "let me", login: true }) });
  equal(tun(() => {}).state, "ok");
  equal(tun(refusing(ERRNO.ENOENT)).fix, "sudo modprobe tun");
  equal(tun(refusing(ERRNO.EACCES)).fix, 'let me && exec su - "$USER"');
  match(tun(refusing(ERRNO.EPERM)).fix!, /--device \/dev\/net\/tun/);
  const compiler = examineCompiler(() => {
    throw new ToolchainError("no-tool", "a C compiler is missing");
  });
  deepEqual([compiler.state, compiler.fix], ["fault", "sudo apt-get install gcc binutils"]);
  equal(examineMemory(2 ** 30).state, "ok");
  const small = examineMemory(100 * 2 ** 20);
  deepEqual([small.state, small.detail.split(" ")[0]], ["warning", "100"]);
});

Deno.test("doctor: what can be fixed has a line that says how; only faults are bad", () => {
  const findings: Finding[] = [
    { subject: "kvm", state: "warning", detail: "slow" },
    { subject: "tun", state: "fault", detail: "none", fix: "get one" },
  ];
  const text = formatFindings(findings, { paint: (word) => word });
  match(text, /^kvm +warning +slow\ntun +fault +none\n +try: get one\n$/);
  equal(isWell(findings), false);
  equal(isWell(findings.slice(0, 1)), true);
});

Deno.test("doctor: what was found keeps within the terminal, and a command stays whole", () => {
  const findings: Finding[] = [
    { subject: "kvm", state: "fault", detail: "there is none of it here", fix: "sudo fix it all" },
  ];
  equal(
    formatFindings(findings, { paint: (word) => word, width: 40 }),
    `kvm       fault     there is none of it
                    here
                    try: sudo fix it all
`,
  );
});

Deno.test("doctor: this host", async () => {
  const { status, stdout, stderr } = await soloden("doctor", "--json");
  equal(stderr, "");
  const { ok: well, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  deepEqual(findings.map(({ subject }) => subject), [
    "kvm",
    "seccomp",
    "tun",
    "compiler",
    "memory",
  ]);
  const state = (subject: string) => findings.find((finding) => finding.subject === subject)!.state;
  equal(state("seccomp"), "ok");
  equal(state("compiler"), "ok");
  equal(state("kvm") === "fault", noKvm !== undefined);
  ok(findings.every(({ state, fix }) => state !== "fault" || fix !== undefined));
  equal(status, well ? 0 : 1);
});

Deno.test("doctor: a fault is told, and is the status", async () => {
  const main = join(ROOT, "main.ts");
  const env = { CC: "/nonexistent" };
  const { status, stdout } = await execute(Deno.execPath(), ["run", "-A", main, "doctor"], { env });
  match(stdout, /^compiler +fault .*'\/nonexistent' does not run/m);
  equal(status, 1);
});
