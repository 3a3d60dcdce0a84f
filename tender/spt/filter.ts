/**
 * The system calls that every guest may make, as rules, and the seccomp filter that rules compile to:
 * any other call kills the process. What a device adds stands in its kind's folder, in `launched.ts`.
 * Source of the rules: spec/solo5-abi.md, section 4.
 *
 * @module
 */
import {
  ACTION,
  assembleBpf,
  type Instruction,
  type Interval,
  load,
  ret,
  search,
  SECCOMP_DATA,
  skipUnless,
  unless,
  when,
} from "../../linux/bpf.ts";
import { ARCH_SET_FS, CLOCK_MONOTONIC } from "../../linux/constants.ts";
import type { LinuxAbi, SystemCall } from "../../linux/syscalls.ts";

/** A condition on one argument, which is compared as an unsigned 64-bit value. */
export interface Condition {
  /** Which argument, from 0. */
  readonly argument: number;
  readonly is: "==" | "<=";
  readonly value: bigint;
}

/**
 * A system call that a guest may make if every condition holds; several rules may name the same
 * call.
 */
export interface Rule {
  readonly call: SystemCall;
  readonly when: readonly Condition[];
}

/** Makes a rule. */
export function allow(call: SystemCall, ...when: Condition[]): Rule {
  return { call, when };
}

/** Makes the condition that an argument is exactly a value. */
export function equal(argument: number, value: number | bigint): Condition {
  return { argument, is: "==", value: BigInt(value) };
}

/** Makes the condition that an argument is at most a value. */
export function atMost(argument: number, value: number | bigint): Condition {
  return { argument, is: "<=", value: BigInt(value) };
}

/** The rules that every guest has, whatever its devices. */
export function baseRules(descriptors: { epoll: number; timer: number }): Rule[] {
  return [
    allow("write", equal(0, 1)),
    // CLOCK_REALTIME is 0 and CLOCK_MONOTONIC is 1.
    allow("clock_gettime", atMost(0, CLOCK_MONOTONIC)),
    allow("epoll_pwait", equal(0, descriptors.epoll)),
    allow("timerfd_settime", equal(0, descriptors.timer)),
    allow("arch_prctl", equal(0, ARCH_SET_FS)),
    allow("exit_group"),
  ];
}

/**
 * Compiles rules to a filter program.
 *
 * @returns instructions in the kernel's form, 8 bytes each
 */
export function compileFilter(
  rules: readonly Rule[],
  linux: LinuxAbi,
): Uint8Array<ArrayBuffer> {
  const calls = [...groupByCall(rules)]
    .map(([call, conditions]): Interval => {
      const number = linux.calls[call];
      // The code of a call does not fall through to another's.
      return {
        from: number,
        code: [...skipUnless("==", number, conditions.flatMap(allowWhen)), KILL],
      };
    })
    .sort((a, b) => a.from - b.from);
  return assembleBpf([
    load(SECCOMP_DATA.arch),
    when("==", linux.auditArch, { skip: 1 }),
    KILL,
    load(SECCOMP_DATA.number),
    ...(calls.length === 0 ? [KILL] : search(calls)),
  ]);
}

const KILL = ret(ACTION.killProcess);

function groupByCall(rules: readonly Rule[]): Map<SystemCall, (readonly Condition[])[]> {
  const groups = new Map<SystemCall, (readonly Condition[])[]>();
  for (const { call, when } of rules) {
    const group = groups.get(call);
    if (group === undefined) groups.set(call, [when]);
    else group.push(when);
  }
  return groups;
}

/** Allows the call if all conditions hold, else falls through. */
function allowWhen(conditions: readonly Condition[]): Instruction[] {
  let rule = [ret(ACTION.allow)];
  // From the last condition to the first: each has to skip what comes after it.
  for (const condition of conditions.toReversed()) {
    rule = [...check(condition, rule.length), ...rule];
  }
  return rule;
}

/**
 * Falls through if the condition holds, else skips the next `rest` instructions. BPF compares 32
 * bits at a time.
 */
function check({ argument, is, value }: Condition, rest: number): Instruction[] {
  const low = SECCOMP_DATA.argument(argument);
  const lowValue = Number(value & 0xffff_ffffn);
  const highValue = Number(value >> 32n);
  if (is === "==") {
    return [
      load(low + 4),
      unless("==", highValue, { skip: rest + 2 }),
      load(low),
      unless("==", lowValue, { skip: rest }),
    ];
  }
  return [
    load(low + 4),
    when(">", highValue, { skip: rest + 3 }),
    unless("==", highValue, { skip: 2 }),
    load(low),
    when(">", lowValue, { skip: rest }),
  ];
}
