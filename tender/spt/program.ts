/**
 * The steps of a launch: from a Linux process that was just executed to a guest that has its memory,
 * its descriptors and its filter, and nothing else.
 *
 * @module
 */
import { EpollEventX86, TIMER_EVENT } from "../../abi/spt.ts";
import { SockFilter } from "./bpf.ts";
import { data, type Entry, type LaunchProgram, PREVIOUS, type Step } from "./launch.ts";
import { baseRules, compileFilter } from "./seccomp.ts";
import {
  CLOCK_MONOTONIC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  F_GETFD,
  type LinuxAbi,
  PR_SET_NO_NEW_PRIVS,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SECCOMP_SET_MODE_FILTER,
  SIGPIPE,
  TFD_NONBLOCK,
} from "./syscalls.ts";

/** Sizes of the kernel's own `struct sigaction` and `sigset_t`, in bytes (all 64-bit machines). */
const KERNEL_SIGACTION_SIZE = 32;
const KERNEL_SIGSET_SIZE = 8;

/** A range of addresses. */
export interface Range {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
}

/** A range whose protection is not what it was mapped with. */
export interface Protection extends Range {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** What a launch is made from. */
export interface Launch {
  /** What messages begin with. */
  readonly name: string;
  readonly linux: LinuxAbi;
  readonly entry: Entry;
  readonly protections: readonly Protection[];
  /** All that the kernel may have mapped for the process itself. */
  readonly unmap: Range;
}

/** Numbers of the descriptors that every guest has; fixed, so that the filter can name them. */
export const DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2, epoll: 3, timer: 4 } as const;

/** Writes a guest's launch program. */
export function launchProgram(launch: Launch): LaunchProgram {
  return {
    name: launch.name,
    entry: launch.entry,
    steps: [
      ...signalSteps(),
      ...descriptorSteps(),
      ...launch.protections.map(protectStep),
      ...confineSteps(launch),
    ],
  };
}

/** What is ignored stays so through an exec, and many a parent ignores SIGPIPE: it ends a guest. */
function signalSteps(): Step[] {
  const byDefault = data(new Uint8Array(KERNEL_SIGACTION_SIZE));
  const args = [SIGPIPE, byDefault, 0, KERNEL_SIGSET_SIZE];
  return [{ call: "rt_sigaction", args, purpose: "reset signals" }];
}

function descriptorSteps(): Step[] {
  const { stdin, stdout, epoll, timer } = DESCRIPTORS;
  const timerEvent = data(EpollEventX86.encode({ events: EPOLLIN, dataLow: TIMER_EVENT }));
  return [
    // Were it closed, the next descriptor to be opened would become the guest's console.
    { call: "fcntl", args: [stdout, F_GETFD], purpose: "find the standard output" },
    { call: "close_range", args: [epoll, 0xffff_ffff, 0], purpose: "close descriptors" },
    { call: "epoll_create1", args: [0], purpose: "create the epoll set" },
    // A new descriptor has another number where the standard input or error was closed before.
    { call: "dup2", args: [PREVIOUS, epoll], purpose: "place the epoll set" },
    { call: "timerfd_create", args: [CLOCK_MONOTONIC, TFD_NONBLOCK], purpose: "create the timer" },
    { call: "dup2", args: [PREVIOUS, timer], purpose: "place the timer" },
    {
      call: "epoll_ctl",
      args: [epoll, EPOLL_CTL_ADD, timer, timerEvent],
      purpose: "watch the timer",
    },
    { call: "close", args: [stdin] },
  ];
}

function protectStep({ start, end, read, write, execute }: Protection): Step {
  const flags = (read ? PROT_READ : 0) | (write ? PROT_WRITE : 0) | (execute ? PROT_EXEC : 0);
  return { call: "mprotect", args: [start, end - start, flags], purpose: "protect guest memory" };
}

/** From here on a failure may find the standard error closed; it is said on the standard output then. */
function confineSteps({ unmap, linux }: Launch): Step[] {
  const filter = data(compileFilter(baseRules(DESCRIPTORS), linux));
  const header = new Uint8Array(16);
  new DataView(header.buffer).setUint16(0, filter.bytes.length / SockFilter.size, true);
  const program = data(header, [{ at: 8, to: filter }]);
  return [
    {
      call: "munmap",
      args: [unmap.start, unmap.end - unmap.start],
      purpose: "unmap what is not the guest's",
    },
    { call: "prctl", args: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], purpose: "give up new privileges" },
    { call: "close", args: [DESCRIPTORS.stderr] },
    {
      call: "seccomp",
      args: [SECCOMP_SET_MODE_FILTER, 0, program],
      purpose: "install the seccomp filter",
    },
  ];
}
