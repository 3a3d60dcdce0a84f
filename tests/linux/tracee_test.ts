import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { monotonic } from "../../linux/clock.ts";
import { closeDescriptor, SystemError } from "../../linux/libc.ts";
import { duplicateOf, mappings, readMemory } from "../../linux/other_process.ts";
import { pipe, spawn } from "../../linux/spawn.ts";
import { setTimer, timerDeadline } from "../../linux/timer.ts";
import { Tracee } from "../../linux/tracee.ts";
import { readOnce, writeOnce } from "../../linux/transfer.ts";

const NULL = "/dev/null";
const SECOND = 1_000_000_000n;

function sleeping(): number {
  return spawn({ path: "/bin/sleep", args: ["sleep", "60"], descriptors: [0, NULL, NULL] });
}

Deno.test("spawn: a program has its words and descriptors, and no environment", () => {
  const [input, { read, write }] = [pipe(), pipe()];
  // No process of its own: it would stop at the signal that tells of its end.
  const script = 'read -r x; echo "$0 $1"; read -r x </proc/self/environ; echo "[$x]"; echo x >&2';
  const args = ["a shell", "-c", script, "one", "two"];
  const pid = spawn({ path: "/bin/sh", args, descriptors: [input.read, write, NULL] });
  using tracee = new Tracee(pid);
  writeOnce(input.write, new TextEncoder().encode("now\n"));
  for (const fd of [input.read, input.write, write]) closeDescriptor(fd);
  let text = "";
  const bytes = new Uint8Array(1000);
  for (let count: number; (count = readOnce(read, bytes)) > 0;) {
    text += new TextDecoder().decode(bytes.subarray(0, count));
  }
  closeDescriptor(read);
  equal(text, "one two\n[]\n");
  deepEqual(tracee.next(60n * SECOND), { kind: "exited", status: 0 });
});

Deno.test("spawn: a program that is not there is an error that names it", () => {
  throws(
    () => spawn({ path: "/nowhere/at/all", args: ["x"], descriptors: [] }),
    /^SystemError: \/nowhere\/at\/all: posix_spawn: No such file or directory$/,
  );
});

Deno.test("tracee: stops are told apart, and registers can be changed", () => {
  using tracee = new Tracee(sleeping());
  equal(tracee.stopped, false);
  tracee.interrupt();
  deepEqual(tracee.next(60n * SECOND), { kind: "interrupted" });
  ok(tracee.stopped);
  equal(tracee.next(0n), undefined);
  const registers = tracee.registers();
  tracee.setRegisters({ ...registers, r15: 0x1234n });
  tracee.setRegister("r14", 0x5678n);
  deepEqual(tracee.registers(), { ...registers, r15: 0x1234n, r14: 0x5678n });
  const extended = tracee.extendedRegisters();
  tracee.setExtendedRegisters(extended);
  deepEqual(tracee.extendedRegisters(), extended);
  const code = mappings(tracee.pid, 2 ** 47).find(({ start, end }) =>
    registers.rip >= start && registers.rip < end
  );
  ok(code?.execute && !code.write);
  const instruction = new Uint8Array(2);
  equal(readMemory(tracee.pid, registers.rip - 2n, instruction), 2);
  equal(readMemory(tracee.pid, 0n, instruction), 0);
  // It goes on with a call of its own, and takes a signal.
  tracee.resume();
  Deno.kill(tracee.pid, "SIGTERM");
  let stop = tracee.next(60n * SECOND);
  while (stop?.kind === "call" || stop?.kind === "return") {
    tracee.resume();
    stop = tracee.next(60n * SECOND);
  }
  deepEqual(stop, { kind: "signal", signal: 15 });
  tracee.resume(15);
  deepEqual(tracee.next(60n * SECOND), { kind: "killed", signal: 15 });
  equal(tracee.next(0n), undefined);
  tracee.resume();
  tracee.interrupt();
});

Deno.test("tracee: patience has an end", () => {
  using tracee = new Tracee(sleeping());
  const begin = monotonic();
  equal(tracee.next(20_000_000n), undefined);
  ok(monotonic() - begin >= 20_000_000n);
});

Deno.test("tracee: a process that cannot be traced is killed", () => {
  using tracee = new Tracee(sleeping());
  throws(() => new Tracee(tracee.pid), (error: SystemError) => {
    match(error.message, /^ptrace: Operation not permitted$/);
    return true;
  });
  throws(() => Deno.statSync(`/proc/${tracee.pid}`), Deno.errors.NotFound);
  deepEqual(tracee.next(0n), { kind: "killed", signal: 9 });
});

Deno.test("timer: a deadline, past, to come or none, also through another descriptor", () => {
  const fd = Deno.dlopen("libc.so.6", {
    timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  });
  const timer = fd.symbols.timerfd_create(1, 0o2000000);
  fd.close();
  const other = duplicateOf(Deno.pid, timer);
  equal(timerDeadline(other), undefined);
  const deadline = monotonic() + 3600n * SECOND;
  setTimer(timer, deadline);
  const found = timerDeadline(other)!;
  ok(found >= deadline && found < deadline + SECOND);
  setTimer(other, 0n);
  equal(timerDeadline(timer), 0n);
  for (const each of [timer, other]) closeDescriptor(each);
});
