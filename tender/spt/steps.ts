/**
 * The steps of a launch: what a process image does between `execve` and the unikernel's first
 * instruction, as a plain value. A straight line of system calls and checks leads from a Linux
 * process that was just executed to a guest that has its memory, its descriptors and its filter,
 * and nothing else. All guests with the same devices have the same steps; `encoder.ts` makes a
 * launch page of them.
 *
 * @module
 */
import { i32, struct, u32 } from "../../abi/layout.ts";
import { EpollEventX86, TIMER_EVENT } from "../../abi/spt.ts";
import {
  CAPABILITY_VERSION,
  CLOCK_MONOTONIC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  F_GETFD,
  MAP_NEW_PRIVATE,
  MAP_NEW_ZEROS,
  NO_DESCRIPTOR,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_SET_MODE_FILTER,
  SIG_SETMASK,
  SIGPIPE,
  STDERR_FILENO,
  STDIN_FILENO,
  STDOUT_FILENO,
  TFD_NONBLOCK,
} from "../../linux/constants.ts";
import { SockFilter, type SystemCall } from "../../linux/syscalls.ts";
import type { BoundDevice } from "../devices/device.ts";
import type { Rule } from "./filter.ts";
import { type GuestKind, MemoryMap } from "./page.ts";

/** Bytes that the launch brings with it; as an argument, they stand for their address. */
export interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  /** Whether they are writable, and unmapped before the unikernel starts. */
  readonly temporary: boolean;
  /** The addresses of other bytes that they contain: 8 bytes each, at offset `at`. */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
}

/** The result of the previous system call. */
export const PREVIOUS = { kind: "previous" } as const;

/** An argument of a system call. */
export type Operand = number | Data | typeof PREVIOUS;

/** One step. If it fails, the process prints one line that says so, and ends with status 1. */
export type Step = CallStep | CheckStep | GuestStep;

/** A system call, and what its result has to be. */
export interface CallStep extends Reported {
  readonly call: SystemCall;
  readonly args: readonly Operand[];
  /**
   * What the call is for: if it fails, the line is "cannot …: reason". Without it, the call may
   * fail.
   */
  readonly purpose?: string;
  /** The only correct result, and what to print if there is another. */
  readonly expect?: { readonly result: number; readonly complaint: string };
  /** What to print if it fails, where the kernel's reason would mislead. */
  readonly complaint?: string;
  /** How many of the next steps to skip if it succeeds; it may fail. */
  readonly skip?: number;
}

/** A step that prints something if it fails. */
interface Reported {
  /**
   * Whether its text is unmapped before the unikernel starts, because the guest must not read it.
   */
  readonly secret?: boolean;
}

/** A check of a word that an earlier call stored. */
export interface CheckStep extends Reported {
  readonly data: Data;
  /** Offset of the 32-bit word. */
  readonly at: number;
  /** The bits to compare. */
  readonly mask: number;
  readonly equals: number;
  /** What to print if they differ. */
  readonly complaint: string;
}

/** A call, or a copy, for each item that one guest has of a kind; there may be none. */
export interface GuestStep {
  /**
   * The kind: each of its items gives the first three arguments, and the expected result if any.
   */
  readonly each: GuestKind;
  readonly call: SystemCall | "copy";
  /** The arguments after these three; of a file, one more is the item's. */
  readonly more: readonly number[];
  /** As {@linkcode CallStep.purpose}. */
  readonly purpose?: string;
  /** What to print if the result is not the expected one. */
  readonly unexpected?: string;
}

/** Makes constant bytes or text. */
export function data(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "data", bytes, temporary: false, pointers };
}

/** Makes bytes or text that the guest must not see, or that the kernel writes to. */
export function scratch(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  return { ...data(content, pointers), temporary: true };
}

/** The descriptors of a guest: fixed numbers, so that the filter can name them. */
export interface Descriptors {
  readonly epoll: number;
  readonly timer: number;
  /** In the manifest's order. */
  readonly devices: readonly PlacedDevice[];
}

/** A device with the number of its descriptor, and what it adds to a launch. */
export interface PlacedDevice extends Pick<BoundDevice, "handle" | "name"> {
  readonly fd: number;
  /** Whether the image's process has the descriptor from its parent. */
  readonly inherited: boolean;
  /** Whether a yield of the guest waits for it. */
  readonly waits: boolean;
  /** The steps that open the device as `fd`, and check that it is still as it was. */
  readonly open: readonly Step[];
  /** The system calls by which the guest uses `fd`. */
  readonly rules: readonly Rule[];
}

/** The purpose, for messages, of a step that uses an inherited descriptor for a device. */
export function useDescriptor(fd: number, name: string): string {
  return `use descriptor ${fd} for device '${name}'`;
}

/** `struct __user_cap_header_struct` (`linux/capability.h`); process 0 is the caller. */
const CapabilityHeader = struct({ version: u32, pid: i32 });

/** The highest number that `close_range` takes. */
const LAST_DESCRIPTOR = 0xffff_ffff;

/**
 * Sizes of the kernel's own `struct sigaction` and `sigset_t`, in bytes (on every 64-bit architecture).
 */
const KERNEL_SIGACTION_SIZE = 32;
const KERNEL_SIGSET_SIZE = 8;
/** Size of the three sets of capabilities, in bytes. */
const CAPABILITY_SETS_SIZE = 24;

/**
 * Makes the steps of all guests with the same devices, but for the last one, which enters the
 * guest.
 *
 * @param filter the seccomp filter, in the kernel's form
 */
export function launchSteps(descriptors: Descriptors, filter: Uint8Array): Step[] {
  const { devices } = descriptors;
  return [
    GATE,
    ...PARENT,
    ...processSteps(descriptors),
    MAP_FILE,
    MAP,
    ...waitSteps(descriptors),
    ...devices.flatMap(({ open }) => open).map((step) => ({ ...step, secret: true })),
    ...devices.flatMap((device) => device.waits ? [watch(descriptors, device)] : []),
    ...closeSteps(descriptors),
    COPY_LINE,
    PROTECT,
    SHOW_LINE,
    UNMAP,
    ...confineSteps(filter),
  ];
}

/** Waits until the guest is traced, or nobody is left who would. */
const GATE: Step = {
  each: "gates",
  call: "read",
  more: [],
  unexpected: "the process that would trace it has ended",
};

/**
 * Asks the kernel to kill the guest when its parent ends (more exactly: the thread that started the
 * guest). If the parent had ended before, the guest has another parent by now, with another process
 * id.
 */
const PARENT: readonly Step[] = [
  {
    each: "parents",
    call: "prctl",
    more: [0, 0],
    purpose: "end with the process that starts it",
  },
  {
    each: "parents",
    call: "getppid",
    more: [],
    unexpected: "the process that started it has ended",
  },
];

/** From the standard input, which is closed before the guest begins. */
const MAP_FILE: Step = {
  each: "files",
  call: "mmap",
  more: [MAP_NEW_PRIVATE, STDIN_FILENO],
  purpose: "map guest memory",
};

const MAP: Step = {
  each: "maps",
  call: "mmap",
  more: [MAP_NEW_ZEROS, NO_DESCRIPTOR, 0],
  purpose: "map guest memory",
};

const PROTECT: Step = {
  each: "protections",
  call: "mprotect",
  more: [],
  purpose: "protect guest memory",
};

/** Copies the command line to where the kernel reads it for other processes. */
const COPY_LINE: Step = { each: "copies", call: "copy", more: [] };

/** May fail: on a kernel without this call the guest runs, and its command line is not shown. */
const SHOW_LINE: Step = { each: "shows", call: "prctl", more: [MemoryMap.size, 0] };

const UNMAP: Step = {
  each: "unmaps",
  call: "munmap",
  more: [],
  purpose: "unmap what is not the guest's",
};

function processSteps({ devices }: Descriptors): Step[] {
  const nothing = data(new Uint8Array(KERNEL_SIGSET_SIZE));
  const byDefault = data(new Uint8Array(KERNEL_SIGACTION_SIZE));
  return [
    // If it were closed, the next descriptor to be opened would become the guest's console.
    { call: "fcntl", args: [STDOUT_FILENO, F_GETFD], purpose: "find the standard output" },
    // An ignored signal stays ignored after an exec. Many parents ignore this one, which ends a
    // guest.
    {
      call: "rt_sigaction",
      args: [SIGPIPE, byDefault, 0, KERNEL_SIGSET_SIZE],
      purpose: "reset signals",
    },
    // A signal mask is inherited, too: it would keep this signal, and others, from ending the
    // guest.
    {
      call: "rt_sigprocmask",
      args: [SIG_SETMASK, nothing, 0, KERNEL_SIGSET_SIZE],
      purpose: "unblock signals",
    },
    // Before anything is opened, since that could get the number of an inherited one that is
    // missing.
    ...devices.flatMap(({ inherited, fd, name }): Step[] => {
      if (!inherited) return [];
      return [{ call: "fcntl", args: [fd, F_GETFD], purpose: useDescriptor(fd, name) }];
    }),
  ];
}

/** Opens what the guest waits with, and moves each new descriptor to its fixed number. */
function waitSteps(descriptors: Descriptors): Step[] {
  const { epoll, timer } = descriptors;
  return [
    { call: "epoll_create1", args: [0], purpose: "create the epoll set" },
    { call: "dup2", args: [PREVIOUS, epoll], purpose: "place the epoll set" },
    { call: "timerfd_create", args: [CLOCK_MONOTONIC, TFD_NONBLOCK], purpose: "create the timer" },
    { call: "dup2", args: [PREVIOUS, timer], purpose: "place the timer" },
    watch(descriptors, { fd: timer, handle: TIMER_EVENT }),
  ];
}

function watch({ epoll }: Descriptors, { fd, handle }: { fd: number; handle: number }): Step {
  const event = data(EpollEventX86.encode({ events: EPOLLIN, dataLow: handle }));
  return {
    call: "epoll_ctl",
    args: [epoll, EPOLL_CTL_ADD, fd, event],
    purpose: `wait on descriptor ${fd}`,
  };
}

/** Closes all other descriptors, except the standard error: a later failure is printed there. */
function closeSteps(descriptors: Descriptors): Step[] {
  const kept = keptDescriptors(descriptors);
  const ranges = [...kept, LAST_DESCRIPTOR + 1].flatMap((next, index) => {
    const [first, last] = [(kept[index - 1] ?? -1) + 1, next - 1];
    return first <= last ? [{ first, last }] : [];
  });
  return ranges.map(({ first, last }) => ({
    call: "close_range",
    args: [first, last, 0],
    purpose: "close descriptors",
  }));
}

/** The guest's own descriptors and the standard error, ascending. */
function keptDescriptors({ epoll, timer, devices }: Descriptors): number[] {
  const all = new Set([STDOUT_FILENO, STDERR_FILENO, epoll, timer, ...devices.map(({ fd }) => fd)]);
  return [...all].sort((a, b) => a - b);
}

/**
 * Gives up privileges, and installs the filter. The bounding set of capabilities stays as it is:
 * without `exec` and without new privileges it has no effect. If the last step fails, the standard
 * error is closed by then, and the message goes to the standard output.
 */
function confineSteps(filter: Uint8Array): Step[] {
  const version = data(CapabilityHeader.encode({ version: CAPABILITY_VERSION }));
  const none = data(new Uint8Array(CAPABILITY_SETS_SIZE));
  const header = new Uint8Array(16);
  new DataView(header.buffer).setUint16(0, filter.length / SockFilter.size, true);
  const program = data(header, [{ at: 8, to: data(filter) }]);
  return [
    { call: "prctl", args: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], purpose: "give up new privileges" },
    { call: "capset", args: [version, none], purpose: "give up capabilities" },
    { call: "close", args: [STDERR_FILENO] },
    {
      call: "seccomp",
      args: [SECCOMP_SET_MODE_FILTER, 0, program],
      purpose: "install the seccomp filter",
    },
  ];
}
