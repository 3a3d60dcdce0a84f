/**
 * The steps of a launch: from a Linux process that was just executed to a guest that has its memory,
 * its descriptors and its filter, and nothing else.
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
  MAP_NEW_ZEROS,
  NO_DESCRIPTOR,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_SET_MODE_FILTER,
  SIG_SETMASK,
  SIGPIPE,
  TFD_NONBLOCK,
} from "../../linux/constants.ts";
import { type Descriptors, STDOUT } from "./devices.ts";
import { data, PREVIOUS, type Step } from "./launch.ts";
import { MemoryMap } from "./page.ts";
import { SockFilter } from "../../linux/syscalls.ts";

/** `struct __user_cap_header_struct` (`linux/capability.h`); process 0 is the one that asks. */
const CapabilityHeader = struct({ version: u32, pid: i32 });

const STDERR = 2;
const LAST_DESCRIPTOR = 0xffff_ffff;

/** Sizes of the kernel's own `struct sigaction` and `sigset_t`, in bytes (all 64-bit machines). */
const KERNEL_SIGACTION_SIZE = 32;
const KERNEL_SIGSET_SIZE = 8;
/** Size of the three sets of capabilities, in bytes. */
const CAPABILITY_SETS_SIZE = 24;

/**
 * Writes the launch program of all guests with the same devices; the step that enters the guest comes
 * after it.
 *
 * @param filter the seccomp filter, in the kernel's form
 */
export function launchProgram(descriptors: Descriptors, filter: Uint8Array): Step[] {
  const { devices } = descriptors;
  return [
    ...PARENT,
    ...processSteps(descriptors),
    MAP,
    ...waitSteps(descriptors),
    ...devices.flatMap(({ open, fd }) => open(fd)).map((step) => ({ ...step, secret: true })),
    ...devices.flatMap((device) =>
      device.properties.type === "NET_BASIC" ? [watch(descriptors, device)] : []
    ),
    ...closeSteps(descriptors),
    WORDS,
    PROTECT,
    SHOW,
    UNMAP,
    ...confineSteps(filter),
  ];
}

/**
 * The kernel kills the guest when its parent ends (the thread of it that started the guest). A parent
 * that ended before it was asked is found out by the process id of whoever took its place.
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

/** Puts the command line where the kernel reads it for others. */
const WORDS: Step = { each: "copies", call: "copy", more: [] };

/** A kernel without this shows no command line, and is right but for that. */
const SHOW: Step = { each: "shows", call: "prctl", more: [MemoryMap.size, 0] };

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
    // Were it closed, the next descriptor to be opened would become the guest's console.
    { call: "fcntl", args: [STDOUT, F_GETFD], purpose: "find the standard output" },
    // What is ignored stays so through an exec, and many a parent ignores this one: it ends a guest.
    {
      call: "rt_sigaction",
      args: [SIGPIPE, byDefault, 0, KERNEL_SIGSET_SIZE],
      purpose: "reset signals",
    },
    // Nor may a mask that a parent left keep it, or whoever wants to end a guest, from doing so.
    {
      call: "rt_sigprocmask",
      args: [SIG_SETMASK, nothing, 0, KERNEL_SIGSET_SIZE],
      purpose: "unblock signals",
    },
    // Before anything is opened, which might get the number of one that should be there and is not.
    ...devices.flatMap(({ inherited, name }): Step[] => {
      if (inherited === undefined) return [];
      const purpose = `use descriptor ${inherited} for device '${name}'`;
      return [{ call: "fcntl", args: [inherited, F_GETFD], purpose }];
    }),
  ];
}

/** Each new descriptor is given its number, whichever one was free. */
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

/** Closes all that is not handed over; the standard error last of all, as failures are said there. */
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
  const all = new Set([STDOUT, STDERR, epoll, timer, ...devices.map(({ fd }) => fd)]);
  return [...all].sort((a, b) => a - b);
}

/**
 * The bounding set is left as it is: without `exec`, and with no new privileges, nothing comes of it.
 * A failure may find the standard error closed here; it is said on the standard output then.
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
    { call: "close", args: [STDERR] },
    {
      call: "seccomp",
      args: [SECCOMP_SET_MODE_FILTER, 0, program],
      purpose: "install the seccomp filter",
    },
  ];
}
