/**
 * Confines this process before a guest of hvt runs its first instruction: it gives up, for good, all rights
 * that a guest could abuse if it took over the tender. This is for the command, whose process has no other
 * work; a program that runs guests in its own process confines itself as it sees fit.
 *
 * @module
 */
import { closeInherited } from "../../linux/close_inherited.ts";
import { check, ERRNO, SystemError } from "../../linux/libc.ts";
import { onOtherThreads } from "../../linux/other_threads.ts";
import { type SystemCall, systemCall, wordOf } from "../../linux/system_call.ts";
import { X86_64 } from "../../linux/syscalls.ts";
import {
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_SET_MODE_FILTER,
} from "../../linux/constants.ts";
import { ALLOW_DEVICE, CONFINE_FILTER } from "./confine_filter.fixed.ts";
import type { Confined } from "./confine_filter.ts";

/** `struct __user_cap_header_struct`: version 3, and the calling thread. */
const CAPABILITY_HEADER = Uint32Array.of(0x2008_0522, 0);
/** Two of `struct __user_cap_data_struct`. */
const NO_CAPABILITIES = new Uint32Array(6);
/** Asks for the version instead of a set of rules. */
const LANDLOCK_CREATE_RULESET_VERSION = 1;

/** An instruction of a filter, in words of 32 bits. */
const INSTRUCTION_WORDS = 2;

/** How many kinds of access to files each version of Landlock has; they are the lowest bits. */
const LANDLOCK_FILE_ACCESS = [0, 13, 14, 15, 15, 16];
/** Binding and connecting TCP sockets, from version 4 on. */
const LANDLOCK_NET = { since: 4, access: 0b11n };
/** Abstract sockets and signals of processes outside, from version 6 on. */
const LANDLOCK_SCOPES = { since: 6, scoped: 0b11n };

/** What a confined tender still needs. */
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
 * Gives up new privileges, capabilities and paths: on every thread, or on this one alone if
 * {@linkcode onOtherThreads} cannot find the others.
 *
 * @throws {SystemError} if the kernel refuses
 */
export function giveUpRights(): void {
  const ruleset = rulesOfNothing();
  const calls: readonly (readonly [name: string, call: SystemCall])[] = [
    ["prctl", [X86_64.prctl, PR_SET_NO_NEW_PRIVS, 1]],
    ...(ruleset === undefined
      ? []
      : [["landlock_restrict_self", [X86_64.landlock_restrict_self, ruleset, 0]] as const]),
    ["capset", [X86_64.capset, CAPABILITY_HEADER, NO_CAPABILITIES]],
  ];
  // This thread is the last: in some kernels a thread that Landlock confines cannot signal the others.
  onOtherThreads(calls.map(([, call]) => call));
  for (const [name, call] of calls) check(systemCall(...call), name);
  if (ruleset !== undefined) systemCall(X86_64.close, ruleset);
}

/** The filter of a tender, in words of 32 bits: that of `confine_filter.ts`, with this tender's numbers. */
export function filterFor({ vcpu, pid, devices }: Confined): Uint32Array<ArrayBuffer> {
  const { words, blanks } = CONFINE_FILTER;
  const filter = new Uint32Array(words.length + devices.length * ALLOW_DEVICE.words.length);
  filter.set(words);
  for (const at of blanks.vcpu) filter[at] = vcpu;
  for (const at of blanks.pid) filter[at] = pid;
  if (devices.length === 0) return filter;
  // Devices come before the last instruction.
  let end = words.length - INSTRUCTION_WORDS;
  for (const fd of devices) {
    filter.set(ALLOW_DEVICE.words, end);
    for (const at of ALLOW_DEVICE.blanks.device) filter[end + at] = fd;
    end += ALLOW_DEVICE.words.length;
  }
  filter.set(words.slice(-INSTRUCTION_WORDS), end);
  return filter;
}

/** A Landlock ruleset without rules, which allows nothing that it covers; undefined without Landlock. */
function rulesOfNothing(): number | undefined {
  const create = X86_64.landlock_create_ruleset;
  const version = systemCall(create, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return undefined;
  const ruleset = landlockRuleset(version);
  return check(systemCall(create, ruleset, ruleset.byteLength, 0), "landlock_create_ruleset");
}

/** Everything that a version of Landlock can deny, as a `struct landlock_ruleset_attr`. */
export function landlockRuleset(version: number): BigUint64Array<ArrayBuffer> {
  const net = version >= LANDLOCK_NET.since;
  const scopes = version >= LANDLOCK_SCOPES.since;
  const ruleset = new BigUint64Array(scopes ? 3 : net ? 2 : 1);
  const files = LANDLOCK_FILE_ACCESS[Math.min(version, LANDLOCK_FILE_ACCESS.length - 1)]!;
  ruleset[0] = BigInt(2 ** files - 1);
  if (net) ruleset[1] = LANDLOCK_NET.access;
  if (scopes) ruleset[2] = LANDLOCK_SCOPES.scoped;
  return ruleset;
}

function installFilter(filter: Uint32Array<ArrayBuffer>): void {
  const program = BigUint64Array.of(BigInt(filter.length / INSTRUCTION_WORDS), wordOf(filter));
  const how = [SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC] as const;
  const result = systemCall(X86_64.seccomp, ...how, program);
  // A positive result is the id of a thread that has a filter of its own, and cannot get this one.
  if (result > 0) throw new SystemError("seccomp", ERRNO.EBUSY);
  check(result, "seccomp");
}
