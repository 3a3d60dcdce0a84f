/**
 * Has a traced guest's calls that bring something in answered by this process, and its CPU's counter, too.
 * This is put between the steps of an ordinary launch, whose image stays as it is: before its last step,
 * which installs the guest's own filter.
 *
 * @module
 */
import { ACTION, assembleBpf, load, ret, SECCOMP_DATA, unless, when } from "../../../linux/bpf.ts";
import {
  MAP_FIXED,
  MAP_SHARED,
  MFD_CLOEXEC,
  PR_SET_TSC,
  PR_TSC_SIGSEGV,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_SET_MODE_FILTER,
} from "../../../linux/constants.ts";
import { closeDescriptor, ERRNO, SystemError } from "../../../linux/libc.ts";
import { Notifications } from "../../../linux/notifications.ts";
import { duplicateOf, writeMemory } from "../../../linux/other_process.ts";
import { LINUX, X86_64 } from "../../../linux/syscalls.ts";
import type { GeneralRegisters, Tracee } from "../../../linux/tracee.ts";
import { NO_CALL } from "../traced/console.ts";
import { type PlacedRecorder, RecorderMemory } from "./inside.ts";

const { calls: CALLS, auditArch } = LINUX.x86_64!;
/** Bits of an address in one half of it. */
const HALF = 2 ** 32;

/** The calls that are answered here. */
const ANSWERED = [
  ...(["clock_gettime", "epoll_pwait", "timerfd_settime", "read", "write"] as const),
  ...(["pread64", "pwrite64", "exit_group"] as const),
];

/** Where what the kernel reads is meanwhile, in bytes below the end of guest memory. */
const ROOM = 4096;
/** `struct sock_fprog`: how many instructions, and where they are. */
const PROGRAM_SIZE = 16;
const INSTRUCTION_SIZE = 8;
const CALL_SIZE = 2n;

/**
 * The filter: those calls are answered, the others are for the guest's own filter to judge, and so are those
 * that the recorder makes.
 *
 * @param made the address of the instruction after the recorder's call; undefined without a recorder
 */
function filter(made: number | undefined): Uint8Array<ArrayBuffer> {
  const allow = ret(ACTION.allow);
  const ofRecorder = made === undefined ? [] : [
    load(SECCOMP_DATA.address),
    unless("==", made % HALF, { skip: 3 }),
    load(SECCOMP_DATA.address + 4),
    unless("==", Math.floor(made / HALF), { skip: 1 }),
    allow,
  ];
  return assembleBpf([
    load(SECCOMP_DATA.arch),
    when("==", auditArch, { skip: 1 }),
    allow,
    ...ofRecorder,
    load(SECCOMP_DATA.number),
    ...ANSWERED.flatMap((name) => [
      unless("==", CALLS[name], { skip: 1 }),
      ret(ACTION.notify),
    ]),
    allow,
  ]);
}

/** What was installed: calls that wait for an answer, and the memory of the recorder, if there is one. */
export interface Installed extends Disposable {
  readonly calls: Notifications;
  readonly recorder: RecorderMemory | undefined;
}

/**
 * Installs all of it in a guest that is about to make its launch's last call.
 *
 * @param options `memory`: size of guest memory in bytes; `recorder`: what is put above it, if anything is
 * @throws {SystemError} if the kernel refuses
 */
export function installAnswers(
  tracee: Tracee,
  { memory, recorder }: { memory: number; recorder: PlacedRecorder | undefined },
): Installed {
  using undo = new DisposableStack();
  const launch = new PausedLaunch(tracee, memory - ROOM);
  launch.call(CALLS.prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  const shared = recorder && undo.use(mapRecorder(launch, recorder));
  const calls = undo.use(listenTo(launch, filter(recorder?.made)));
  const own = undo.move();
  return { calls, recorder: shared, [Symbol.dispose]: () => own.dispose() };
}

/** Maps a recorder into the guest, and into this process. */
function mapRecorder(launch: PausedLaunch, recorder: PlacedRecorder): RecorderMemory {
  const { address, codeAddress, size } = recorder;
  const file = launch.lend(
    new TextEncoder().encode("recorder\0"),
    (name) => launch.call(X86_64.memfd_create, name, MFD_CLOEXEC),
  );
  launch.call(X86_64.ftruncate, file, size);
  using shared = new DisposableStack();
  const memory = shared.use(new RecorderMemory(launch.duplicate(file), recorder));
  const map = (from: number, { end, access }: { end: number; access: number }) =>
    launch.call(CALLS.mmap, address + from, end - from, access, MAP_SHARED | MAP_FIXED, file, from);
  map(0, { end: codeAddress, access: PROT_READ | PROT_WRITE });
  map(codeAddress, { end: size, access: PROT_READ | PROT_EXEC });
  launch.call(CALLS.close, file);
  shared.move();
  return memory;
}

/** Installs a filter that tells this process of calls. */
function listenTo(launch: PausedLaunch, program: Uint8Array): Notifications {
  const bytes = new Uint8Array(PROGRAM_SIZE + program.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, program.length / INSTRUCTION_SIZE, true);
  view.setBigUint64(8, BigInt(launch.room + PROGRAM_SIZE), true);
  bytes.set(program, PROGRAM_SIZE);
  const flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const listener = launch.lend(
    bytes,
    (at) => launch.call(CALLS.seccomp, SECCOMP_SET_MODE_FILTER, flags, at),
  );
  const own = launch.duplicate(listener);
  try {
    // A guest with its own listener would wait for ever if nobody else had it.
    launch.call(CALLS.close, listener);
    return new Notifications(own);
  } catch (error) {
    closeDescriptor(own);
    throw error;
  }
}

/** A guest that is about to make a call, and makes others before. */
class PausedLaunch {
  readonly room: number;
  readonly #tracee: Tracee;
  readonly #saved: GeneralRegisters;

  /** @param room an address where there is memory that nothing is in yet */
  constructor(tracee: Tracee, room: number) {
    this.room = room;
    this.#tracee = tracee;
    this.#saved = tracee.registers();
  }

  /**
   * Has it make a call.
   *
   * @throws {SystemError} if the kernel refuses
   */
  call(number: number, ...args: number[]): number {
    const tracee = this.#tracee;
    const [rdi, rsi, rdx, r10, r8, r9] = [0, 1, 2, 3, 4, 5].map((at) => BigInt(args[at] ?? 0)) as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const asked = { originalRax: BigInt(number), rdi, rsi, rdx, r10, r8, r9 };
    tracee.setRegisters({ ...this.#saved, ...asked });
    const result = Number(nextOf(tracee, "return").result);
    // It goes back to the call that it was about to make.
    const { rip, originalRax } = this.#saved;
    const again = { rip: rip - CALL_SIZE, rax: originalRax, originalRax: NO_CALL };
    tracee.setRegisters({ ...this.#saved, ...again });
    nextOf(tracee, "call");
    if (result < 0) throw new SystemError("launch", -result);
    return result;
  }

  /** Does something while bytes are in its memory. */
  lend(bytes: Uint8Array<ArrayBuffer>, use: (address: number) => number): number {
    const { pid } = this.#tracee;
    const at = BigInt(this.room);
    writeMemory(pid, at, bytes);
    try {
      return use(this.room);
    } finally {
      writeMemory(pid, at, new Uint8Array(bytes.length));
    }
  }

  /** A duplicate of a descriptor of its. */
  duplicate(fd: number): number {
    return duplicateOf(this.#tracee.pid, fd);
  }
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
