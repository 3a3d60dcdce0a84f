/**
 * Confinement of this process before a guest of hvt runs its first instruction: what the tender could
 * do for it, were it taken over, is given up for good. For the command, whose process has no other
 * work; a program that runs guests in its own process confines itself as it sees fit.
 *
 * @module
 */
import { closeInherited } from "../host/close_inherited.ts";
import { check, ERRNO, SystemError } from "../host/libc.ts";
import { onOtherThreads } from "../host/other_threads.ts";
import { type SystemCall, systemCall, wordOf } from "../host/system_call.ts";
import { PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER } from "../spt/constants.ts";
import { SockFilter } from "../spt/syscalls.ts";
import {
  ALLOW_DEVICE,
  CONFINE_FILTER,
  DEVICE_AT,
  PID_AT,
  VCPU_AT,
} from "./confine_filter.fixed.ts";
import type { Confined } from "./confine_filter.ts";

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

/** What a confined tender goes on with. */
export type Needs = Pick<Confined, "vcpu" | "devices">;

/**
 * Confines this process, with every thread that it has: no descriptor that it inherited but standard
 * output and standard error, no new privileges, no capabilities, no path where the kernel has Landlock,
 * and a system call filter. There is no way back, and no second time.
 *
 * @throws {SystemError} if the kernel refuses
 */
export function confine(needs: Needs): void {
  closeInherited();
  giveUpRights();
  installFilter(filterFor({ ...needs, pid: Deno.pid }));
}

/**
 * Gives up privileges to come, capabilities and paths: on every thread, or on this one alone where
 * {@linkcode onOtherThreads} cannot find the others.
 *
 * @throws {SystemError} if the kernel refuses
 */
export function giveUpRights(): void {
  const ruleset = rulesOfNothing();
  const calls: Record<string, SystemCall> = {
    prctl: [CALLS.prctl, PR_SET_NO_NEW_PRIVS, 1],
    ...(ruleset === undefined
      ? {}
      : { landlock_restrict_self: [CALLS.landlock_restrict_self, ruleset, 0] }),
    capset: [CALLS.capset, Uint32Array.of(CAPABILITY_VERSION_3, 0), new Uint32Array(6)],
  };
  // This thread is the last: in some kernels Landlock keeps one that it confines from signalling others.
  onOtherThreads(Object.values(calls));
  for (const name in calls) check(systemCall(...calls[name]!), name);
  if (ruleset !== undefined) systemCall(CALLS.close, ruleset);
}

/** The filter as {@linkcode confineFilter} makes it, without what makes it. */
export function filterFor({ vcpu, pid, devices }: Confined): Uint8Array<ArrayBuffer> {
  const filter = new Uint8Array(CONFINE_FILTER.length + devices.length * ALLOW_DEVICE.length);
  filter.set(CONFINE_FILTER);
  const view = new DataView(filter.buffer);
  view.setUint32(VCPU_AT, vcpu, true);
  view.setUint32(PID_AT, pid, true);
  // Devices come before the last instruction.
  let at = CONFINE_FILTER.length - SockFilter.size;
  for (const fd of devices) {
    filter.set(ALLOW_DEVICE, at);
    view.setUint32(at + DEVICE_AT, fd, true);
    at += ALLOW_DEVICE.length;
  }
  if (devices.length > 0) filter.set(CONFINE_FILTER.subarray(-SockFilter.size), at);
  return filter;
}

/** A Landlock ruleset with no rule, so that nothing it knows of is allowed; none without Landlock. */
function rulesOfNothing(): number | undefined {
  const create = CALLS.landlock_create_ruleset;
  const version = systemCall(create, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return undefined;
  const ruleset = landlockRuleset(version);
  return check(systemCall(create, ruleset, ruleset.byteLength, 0), "landlock_create_ruleset");
}

/** All that a version of Landlock can deny, as a `struct landlock_ruleset_attr`. */
export function landlockRuleset(version: number): BigUint64Array<ArrayBuffer> {
  const files = LANDLOCK_FILE_ACCESS[Math.min(version, LANDLOCK_FILE_ACCESS.length - 1)]!;
  return BigUint64Array.of(
    BigInt(2 ** files - 1),
    ...(version >= LANDLOCK_NET.since ? [LANDLOCK_NET.access] : []),
    ...(version >= LANDLOCK_SCOPES.since ? [LANDLOCK_SCOPES.scoped] : []),
  );
}

function installFilter(filter: Uint8Array<ArrayBuffer>): void {
  const program = BigUint64Array.of(BigInt(filter.length / SockFilter.size), wordOf(filter));
  const how = [SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC] as const;
  const result = systemCall(CALLS.seccomp, ...how, program);
  // More than 0 is the thread that has a filter of its own, so that it cannot have this one.
  if (result > 0) throw new SystemError("seccomp", ERRNO.EBUSY);
  check(result, "seccomp");
}
