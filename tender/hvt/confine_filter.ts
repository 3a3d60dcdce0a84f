/**
 * The seccomp filter of a confined hvt tender: the calls of `confine_calls.ts`, and those that are
 * allowed with some arguments only. Where a reason was measured, it is given here.
 *
 * @module
 */
import {
  CLONE_THREAD,
  F_SETLK,
  MAP_ANONYMOUS,
  PR_SET_NAME,
  PROT_EXEC,
} from "../../linux/constants.ts";
import {
  ACTION,
  type Instruction,
  type Interval,
  jump,
  load,
  type Operand,
  ret,
  search,
  SECCOMP_DATA,
  skipUnless,
  unless,
  when,
} from "../../linux/bpf.ts";
import { ERRNO } from "../../linux/libc.ts";
import { LINUX, X86_64, type X86Call } from "../../linux/syscalls.ts";
import { REQUEST } from "../kvm/abi.ts";
import { ALLOWED, DEADLY, ON_DEVICES, X32_CALLS } from "./confine_calls.ts";

/**
 * The vCPU's requests that are allowed: to run it, to read its registers at the end, and to answer
 * instructions in the CPU's place where the run is recorded.
 */
const VCPU_REQUESTS = [REQUEST.RUN, REQUEST.GET_REGS, REQUEST.GET_SREGS, REQUEST.SET_REGS];
/** The flags by which the C library starts a thread, and no others. */
const THREAD_FLAGS = 0x3d_0f00;

const ERRNO_ACTION = 0x0005_0000;

/** The code that decides about a call; every path through it returns a decision. */
type Code = readonly Instruction[];

const ALLOW = ret(ACTION.allow);
const DENY = ret(ERRNO_ACTION | ERRNO.EPERM);
const KILL = ret(ACTION.killProcess);
const ALLOWING: Code = [ALLOW];
const DENYING: Code = [DENY];
const KILLING: Code = [KILL];
/** Stands for the jump to the list of devices, which is the filter's end. */
const TO_DEVICES = jump(0);
const DEVICES_ALONE: Code = [TO_DEVICES];

/** The numbers that differ from tender to tender, or names by which they are filled in later. */
export interface Confined<N extends Operand = number> {
  /** The vCPU's descriptor. */
  readonly vcpu: N;
  /** This process. */
  readonly pid: N;
  /** Descriptors of the guest's devices. */
  readonly devices: readonly N[];
}

/** Makes the filter. It ends with two instructions for each device, and a denial. */
export function confineProgram({ vcpu, pid, devices }: Confined<Operand>): Instruction[] {
  const program = [
    load(SECCOMP_DATA.arch),
    ...[when("==", LINUX.x86_64!.auditArch, { skip: 1 }), KILL],
    load(SECCOMP_DATA.number),
    // The one call that is made again and again comes first.
    ...skipUnless("==", X86_64.ioctl, ioctlOf(vcpu)),
    ...search(intervals(pid)),
  ];
  const behind = [argument(0), ...devices.flatMap((fd) => allowIf(fd)), DENY];
  const end = program.length;
  return [
    ...program.map((one, at) => one === TO_DEVICES ? jump(end - at - 1) : one),
    ...behind,
  ];
}

/**
 * Allows the vCPU's requests above; any other request to it kills the process. On other descriptors,
 * `ioctl` is denied: the runtime asks whether they are terminals, and can do without the answer.
 */
function ioctlOf(vcpu: Operand): Code {
  return [
    argument(0),
    ...[when("==", vcpu, { skip: 1 }), DENY],
    argument(1),
    ...VCPU_REQUESTS.flatMap((request) => allowIf(request)),
    KILL,
  ];
}

/**
 * New memory is anonymous, and never executable. V8 reserves all executable memory when it starts (512 MiB,
 * with and without memory protection keys), and asked for none in 250,000 exits of a guest.
 */
const MMAP: Code = [
  argument(2),
  when("&", PROT_EXEC, { skip: 3 }),
  argument(3),
  unless("&", MAP_ANONYMOUS, { skip: 1 }),
  ALLOW,
  DENY,
];

/** As for {@linkcode MMAP}. */
const MPROTECT: Code = [argument(2), when("&", PROT_EXEC, { skip: 1 }), ALLOW, DENY];

/** Allows the C library to make threads, but no processes. */
const CLONE: Code = [
  argument(0),
  ...allowIf(THREAD_FLAGS),
  ...[unless("&", CLONE_THREAD, { skip: 1 }), DENY],
  KILL,
];

/**
 * The runtime locks its caches while it writes to them and closes them, and tries again for 10 seconds
 * where it cannot. Owners and signals of descriptors stay out of reach.
 */
const FCNTL: Code = [argument(1), ...allowIf(F_SETLK), DENY];

/** A thread gives itself a name. */
const PRCTL: Code = [argument(0), ...allowIf(PR_SET_NAME), DENY];

/** Its flags lie in memory, which no filter can read. Where it does not exist, the C library uses clone. */
const CLONE3: Code = [ret(ERRNO_ACTION | ERRNO.ENOSYS)];

/** All numbers of system calls, as the fewest intervals. */
function intervals(pid: Operand): Interval[] {
  const single = new Map<number, Code>([
    ...numbersOf(ALLOWED).map((number) => [number, ALLOWING] as const),
    ...numbersOf(ON_DEVICES).map((number) => [number, DEVICES_ALONE] as const),
    ...Object.values(DEADLY).flatMap(numbersOf).map((number) => [number, KILLING] as const),
    [X86_64.fcntl, FCNTL],
    [X86_64.mmap, MMAP],
    [X86_64.mprotect, MPROTECT],
    [X86_64.pkey_mprotect, MPROTECT],
    [X86_64.clone, CLONE],
    [X86_64.clone3, CLONE3],
    [X86_64.prctl, PRCTL],
    // How the C library ends this process when it gives up.
    [X86_64.tgkill, [argument(0), ...allowIf(pid), KILL]],
  ]);
  const points: Interval[] = [{ from: 0, code: DENYING }];
  for (const [number, code] of [...single].sort(([a], [b]) => a - b)) {
    points.push({ from: number, code });
    if (!single.has(number + 1)) points.push({ from: number + 1, code: DENYING });
  }
  points.push({ from: X32_CALLS, code: KILLING });
  const last = points.filter(({ from }, index) => points[index + 1]?.from !== from);
  return last.filter(({ code }, index) => last[index - 1]?.code !== code);
}

function numbersOf(calls: readonly X86Call[]): number[] {
  return calls.map((call) => X86_64[call]);
}

/** Loads the low half of an argument: the kernel ignores the high half of those that are checked. */
function argument(index: number): Instruction {
  return load(SECCOMP_DATA.argument(index));
}

/** Allows the call if the accumulator is `value`, else goes on. */
export function allowIf(value: Operand): Instruction[] {
  return [unless("==", value, { skip: 1 }), ALLOW];
}
