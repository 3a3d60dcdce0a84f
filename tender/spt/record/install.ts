/**
 * Has a traced guest's calls that bring something in answered by this process, and its CPU's counter, too.
 * This is put between the steps of an ordinary launch, whose image stays as it is: before its last step,
 * which installs the guest's own filter.
 *
 * @module
 */
import { ACTION, assembleBpf, load, ret, SECCOMP_DATA, unless, when } from "../../../linux/bpf.ts";
import {
  PR_SET_TSC,
  PR_TSC_SIGSEGV,
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_SET_MODE_FILTER,
} from "../../../linux/constants.ts";
import { closeDescriptor, ERRNO, SystemError } from "../../../linux/libc.ts";
import { Notifications } from "../../../linux/notifications.ts";
import { duplicateOf, writeMemory } from "../../../linux/other_process.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import type { GeneralRegisters, Tracee } from "../../../linux/tracee.ts";
import { NO_CALL } from "../traced/console.ts";

const { calls: CALLS, auditArch } = LINUX.x86_64!;

/** The calls that are answered here. */
const ANSWERED = [
  ...(["clock_gettime", "epoll_pwait", "timerfd_settime", "read", "write"] as const),
  ...(["pread64", "pwrite64", "exit_group"] as const),
];

/** Where the filter is while the kernel reads it, in bytes below the end of guest memory. */
const ROOM = 4096;
/** `struct sock_fprog`: how many instructions, and where they are. */
const PROGRAM_SIZE = 16;
const INSTRUCTION_SIZE = 8;
const CALL_SIZE = 2n;

/** The filter: those calls are answered, the others are for the guest's own filter to judge. */
function filter(): Uint8Array<ArrayBuffer> {
  const allow = ret(ACTION.allow);
  return assembleBpf([
    load(SECCOMP_DATA.arch),
    when("==", auditArch, { skip: 1 }),
    allow,
    load(SECCOMP_DATA.number),
    ...ANSWERED.flatMap((name) => [
      unless("==", CALLS[name], { skip: 1 }),
      ret(ACTION.notify),
    ]),
    allow,
  ]);
}

/**
 * Installs all of it in a guest that is about to make its launch's last call.
 *
 * @param memory size of guest memory in bytes
 * @throws {SystemError} if the kernel refuses
 */
export function installAnswers(tracee: Tracee, { memory }: { memory: number }): Notifications {
  const saved = tracee.registers();
  insert(tracee, saved, { call: CALLS.prctl, args: [PR_SET_TSC, PR_TSC_SIGSEGV] });
  const program = filter();
  const at = memory - ROOM;
  const bytes = new Uint8Array(PROGRAM_SIZE + program.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, program.length / INSTRUCTION_SIZE, true);
  view.setBigUint64(8, BigInt(at + PROGRAM_SIZE), true);
  bytes.set(program, PROGRAM_SIZE);
  writeMemory(tracee.pid, BigInt(at), bytes);
  const flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const args = [SECCOMP_SET_MODE_FILTER, flags, at];
  const listener = insert(tracee, saved, { call: CALLS.seccomp, args });
  writeMemory(tracee.pid, BigInt(at), new Uint8Array(bytes.length));
  const own = duplicateOf(tracee.pid, listener);
  try {
    // A guest with its own listener would wait for ever if nobody else had it.
    insert(tracee, saved, { call: CALLS.close, args: [listener] });
    return new Notifications(own);
  } catch (error) {
    closeDescriptor(own);
    throw error;
  }
}

/** Has a guest that is about to make a call make another one before. */
function insert(
  tracee: Tracee,
  saved: GeneralRegisters,
  { call, args: [rdi = 0, rsi = 0, rdx = 0] }: { call: number; args: readonly number[] },
): number {
  tracee.setRegisters({
    ...saved,
    originalRax: BigInt(call),
    rdi: BigInt(rdi),
    rsi: BigInt(rsi),
    rdx: BigInt(rdx),
    r10: 0n,
    r8: 0n,
  });
  const result = Number(nextOf(tracee, "return").result);
  // It goes back to the call that it was about to make.
  const { rip, originalRax } = saved;
  tracee.setRegisters({ ...saved, rip: rip - CALL_SIZE, rax: originalRax, originalRax: NO_CALL });
  nextOf(tracee, "call");
  if (result < 0) throw new SystemError("launch", -result);
  return result;
}

/** Lets it go on to the next side of a call. */
function nextOf<K extends "call" | "return">(tracee: Tracee, kind: K) {
  tracee.resume();
  for (;;) {
    tracee.waitForStop();
    const stop = tracee.next(0n);
    if (stop === undefined) continue;
    if (stop.kind === kind) return stop as Extract<typeof stop, { kind: K }>;
    if (stop.kind === "exited" || stop.kind === "killed") {
      throw new SystemError("launch", ERRNO.ESRCH);
    }
    tracee.resume(stop.kind === "signal" ? stop.signal : 0);
  }
}
