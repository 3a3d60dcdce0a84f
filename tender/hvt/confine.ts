/**
 * Confinement of this process before a guest of hvt runs its first instruction: what the tender could
 * do for it, were it taken over, is given up for good. For the command, whose process has no other
 * work; a program that runs guests in its own process confines itself as it sees fit.
 *
 * @module
 */
import { check, ERRNO, libc, SystemError } from "../host/libc.ts";
import { PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, SockFilter } from "../spt/syscalls.ts";
import { confineFilter } from "./confine_filter.ts";

/** Numbers of x86_64. */
const CALLS = {
  close: 3,
  capset: 126,
  prctl: 157,
  seccomp: 317,
  landlock_create_ruleset: 444,
  landlock_restrict_self: 446,
} as const;

const SECCOMP_FILTER_FLAG_TSYNC = 1;
const CAPABILITY_VERSION_3 = 0x2008_0522;
/** Asks for the version instead of a set of rules. */
const LANDLOCK_CREATE_RULESET_VERSION = 1;

/** How many kinds of access to files each version of Landlock knows: its lowest so many bits. */
const LANDLOCK_FILE_ACCESS = [0, 13, 14, 15, 15, 16];
/** Binding and connecting TCP sockets, from version 4 on. */
const LANDLOCK_NET = { since: 4, access: 0b11n };
/** Abstract sockets and signals of processes outside, from version 6 on. */
const LANDLOCK_SCOPES = { since: 6, scoped: 0b11n };

/** What of the confinement this kernel has; all else holds on every kernel. */
export interface Confinement {
  /** Version of Landlock; 0 if there is none. */
  readonly landlock: number;
}

/**
 * Confines this process: no new privileges and a system call filter on every thread; no capabilities
 * and, where the kernel has Landlock, no path on this one. There is no way back.
 *
 * @param needs `vcpu`: the descriptor that the run loop runs the guest by
 * @throws {SystemError} if the kernel refuses
 */
export function confine({ vcpu }: { vcpu: number }): Confinement {
  const call = systemCalls();
  check(call("prctl", PR_SET_NO_NEW_PRIVS, 1), "prctl");
  const landlock = closePaths(call);
  dropCapabilities(call);
  installFilter(call, confineFilter({ vcpu, pid: Deno.pid }));
  return { landlock };
}

type Argument = number | BigUint64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
/** Makes a system call; returns less than 0 where it fails. */
type SystemCalls = (name: keyof typeof CALLS, ...args: Argument[]) => number;

/** One binding for all of these calls: each would cost more than what it does. */
function systemCalls(): SystemCalls {
  const { syscall } = libc({
    syscall: { parameters: ["usize", "usize", "usize", "usize", "usize", "usize"], result: "i32" },
  });
  return (name, ...args) => {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = args.map((argument) =>
      BigInt(typeof argument === "number" ? argument : addressOf(argument))
    );
    return syscall(BigInt(CALLS[name]), a, b, c, d, 0n);
  };
}

function addressOf(bytes: Exclude<Argument, number>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

/** Landlock with no rule: nothing that it knows of is allowed. Returns its version. */
function closePaths(call: SystemCalls): number {
  const version = call("landlock_create_ruleset", 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return 0;
  const files = LANDLOCK_FILE_ACCESS[Math.min(version, LANDLOCK_FILE_ACCESS.length - 1)]!;
  const ruleset = BigUint64Array.of(
    BigInt(2 ** files - 1),
    ...(version >= LANDLOCK_NET.since ? [LANDLOCK_NET.access] : []),
    ...(version >= LANDLOCK_SCOPES.since ? [LANDLOCK_SCOPES.scoped] : []),
  );
  const fd = call("landlock_create_ruleset", ruleset, ruleset.byteLength, 0);
  check(fd, "landlock_create_ruleset");
  const result = call("landlock_restrict_self", fd, 0);
  call("close", fd);
  check(result, "landlock_restrict_self");
  return version;
}

/** Drops all capabilities of this thread, which it cannot get back. */
function dropCapabilities(call: SystemCalls): void {
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0);
  check(call("capset", header, new Uint32Array(6)), "capset");
}

function installFilter(call: SystemCalls, filter: Uint8Array<ArrayBuffer>): void {
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(filter));
  const program = BigUint64Array.of(BigInt(filter.length / SockFilter.size), BigInt(address));
  const result = call("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program);
  // More than 0 is the thread that has a filter of its own, so that it cannot have this one.
  if (result > 0) throw new SystemError("seccomp", ERRNO.EBUSY);
  check(result, "seccomp");
}
