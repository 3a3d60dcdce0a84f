/**
 * Child processes by the thousand: the code that starts them against an independent reader, and at work.
 */
import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { Invocation, type Renumbered } from "../../linux/child.ts";
import { CLONE, Plan } from "../../linux/clone_x86_64.ts";
import { AT_EMPTY_PATH, SIG_SETMASK, STDOUT_FILENO } from "../../linux/constants.ts";
import { copyDescriptor, openDescriptor } from "../../linux/descriptor.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { pipe } from "../../linux/spawn.ts";
import { readOnce } from "../../linux/transfer.ts";
import { X86_64 } from "../../linux/syscalls.ts";
import { missingTool, testUnless } from "../needs.ts";
import { checkListing } from "./machine_code.ts";

const elsewhere = Deno.build.arch === "x86_64" ? undefined : "only on x86_64";

testUnless(
  missingTool("objdump"),
  "child: objdump reads the instructions that the comments name",
  async () => {
    const calls = Object.entries(X86_64).map(([name, number]) => [`X86_64.${name}`, number]);
    await checkListing("linux/clone_x86_64.ts", CLONE, {
      names: {
        ...Object.fromEntries(calls),
        SIG_SETMASK,
        AT_EMPTY_PATH,
        SIGNALS_SIZE: 8,
        // CLONE_VM, CLONE_PIDFD, CLONE_VFORK and SIGCHLD.
        FLAGS: 0x100 | 0x1000 | 0x4000 | 17,
        FAILED: 127,
      },
      least: 50,
    });
    // Where the code expects what it reads and writes.
    const { input, output, error, signals, blocked, process, failure, others } = Plan.offsets;
    deepEqual([input, output, error, signals, blocked], [32, 40, 48, 56, 64]);
    deepEqual([process, failure, others], [72, 76, 80]);
  },
);

/** What a shell prints that gets a script, and how it ends. */
function shell(script: string, others: readonly Renumbered[] = []): [string, end: unknown] {
  using undo = new DisposableStack();
  const open = (path: string) => undo.adopt(openDescriptor(path), closeDescriptor);
  const [file, none] = [
    undo.adopt(openDescriptor("/bin/sh", { readOnly: true }), closeDescriptor),
    open("/dev/null"),
  ];
  const { read, write } = pipe();
  undo.adopt(read, closeDescriptor);
  const child = new Invocation(["sh", "-c", script]).start(file, {
    input: none,
    output: write,
    error: write,
    others,
  });
  closeDescriptor(write);
  const bytes = new Uint8Array(4096);
  let printed = "";
  for (let count; (count = readOnce(read, bytes)) > 0;) {
    printed += new TextDecoder().decode(bytes.subarray(0, count));
  }
  return [printed, child.end()];
}

testUnless(elsewhere, "child: it has its arguments, its descriptors, and no variables", () => {
  const script =
    'echo "$0"; read word || echo nothing; echo error >&2; env | grep -v ^_= | grep -v ^PWD=';
  deepEqual(shell(script), ["sh\nnothing\nerror\n", { kind: "exited", status: 1 }]);
});

testUnless(elsewhere, "child: other descriptors have the numbers that they are given", () => {
  using undo = new DisposableStack();
  const [one, two] = ["/etc/group", "/etc/passwd"].map((path) =>
    undo.adopt(openDescriptor(path, { readOnly: true }), closeDescriptor)
  ) as [number, number];
  const numbers = [one, two].map((fd) => undo.adopt(copyDescriptor(fd), closeDescriptor));
  const others = [
    { descriptor: one, number: numbers[0]! },
    { descriptor: two, number: numbers[1]! },
  ];
  const script = `cd /proc/$$/fd; readlink ${numbers.join(" ")}; test -e ${one} || echo closed`;
  const [printed] = shell(script, others);
  equal(printed, "/etc/group\n/etc/passwd\nclosed\n");
});

testUnless(elsewhere, "child: its end is its status or its signal", () => {
  deepEqual(shell("exit 7"), ["", { kind: "exited", status: 7 }]);
  deepEqual(shell("kill -9 $$"), ["", { kind: "killed", signal: 9 }]);
});

testUnless(elsewhere, "child: what cannot be executed is an error, and leaves no process", () => {
  const before = children();
  const file = openDescriptor("/dev/null", { readOnly: true });
  const run = () =>
    new Invocation(["x"]).start(file, { input: file, output: STDOUT_FILENO, error: file });
  throws(run, { name: "SystemError", call: "execveat" });
  closeDescriptor(file);
  throws(run, { name: "SystemError" });
  deepEqual(children(), before);
});

testUnless(elsewhere, "child: this thread blocks the signals that it blocked before", () => {
  const blocked = () => /^SigBlk:.*$/m.exec(Deno.readTextFileSync("/proc/thread-self/status"))![0];
  const before = blocked();
  shell("exit 0");
  equal(blocked(), before);
  notEqual(before, undefined);
});

function children(): string {
  return Deno.readTextFileSync("/proc/thread-self/children");
}
