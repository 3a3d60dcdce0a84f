/**
 * From the table of system calls that a guest may make to the seccomp filter that holds it to them.
 * All else kills the process. Source of the table: spec/solo5-abi.md, section 4.
 *
 * @module
 */
import {
  ACTION,
  assembleBpf,
  type Instruction,
  type Label,
  SECCOMP_DATA,
  TEST_REACH,
} from "./bpf.ts";
import {
  ARCH_SET_FS,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  type LinuxAbi,
  type SystemCall,
} from "./syscalls.ts";

/** A condition on one argument, compared as the unsigned 64-bit value that it is. */
export interface Condition {
  /** Which argument, from 0. */
  readonly argument: number;
  readonly is: "==" | "<=";
  readonly value: bigint;
}

/** A call that a guest may make when every condition holds; several rules may name the same call. */
export interface Rule {
  readonly call: SystemCall;
  readonly when: readonly Condition[];
}

/** The rules that every guest has, whatever its devices. */
export function baseRules(descriptors: { epoll: number; timer: number }): Rule[] {
  return [
    allow("write", equal(0, 1)),
    allow("clock_gettime", equal(0, CLOCK_MONOTONIC)),
    allow("clock_gettime", equal(0, CLOCK_REALTIME)),
    allow("epoll_pwait", equal(0, descriptors.epoll)),
    allow("timerfd_settime", equal(0, descriptors.timer)),
    allow("arch_prctl", equal(0, ARCH_SET_FS)),
    allow("exit_group"),
  ];
}

/** A rule. */
export function allow(call: SystemCall, ...when: Condition[]): Rule {
  return { call, when };
}

/** The condition that an argument is exactly a value. */
export function equal(argument: number, value: number | bigint): Condition {
  return { argument, is: "==", value: BigInt(value) };
}

/** The condition that an argument is at most a value. */
export function atMost(argument: number, value: number | bigint): Condition {
  return { argument, is: "<=", value: BigInt(value) };
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
  return assembleBpf([
    { op: "load", offset: SECCOMP_DATA.arch },
    ...onlyIfEqual(linux.auditArch, KILL),
    // No way from one call's rules leads to the next call's, so the number stays loaded throughout.
    { op: "load", offset: SECCOMP_DATA.number },
    ...[...groupByCall(rules)].flatMap(([call, conditions]) =>
      ifEqual(linux.calls[call], [...conditions.flatMap(allowWhen), KILL])
    ),
    KILL,
  ]);
}

const KILL: Instruction = { op: "return", action: ACTION.killProcess };

function groupByCall(rules: readonly Rule[]): Map<SystemCall, (readonly Condition[])[]> {
  const groups = new Map<SystemCall, (readonly Condition[])[]>();
  for (const { call, when } of rules) {
    const group = groups.get(call);
    if (group === undefined) groups.set(call, [when]);
    else group.push(when);
  }
  return groups;
}

/** Runs `body` if the accumulator is `value`, else goes on behind it. */
function ifEqual(value: number, body: readonly Instruction[]): Instruction[] {
  const inside = Symbol("inside");
  const behind = Symbol("behind");
  const enter: Instruction[] = body.length <= TEST_REACH
    ? [{ op: "test", test: "==", value, otherwise: behind }]
    : [{ op: "test", test: "==", value, then: inside }, { op: "jump", to: behind }];
  return [...enter, { op: "label", label: inside }, ...body, { op: "label", label: behind }];
}

/** Goes on if the accumulator is `value`, else runs `instruction`. */
function onlyIfEqual(value: number, instruction: Instruction): Instruction[] {
  const on = Symbol("on");
  return [{ op: "test", test: "==", value, then: on }, instruction, { op: "label", label: on }];
}

/** Allows the call if all conditions hold, else goes on behind these instructions. */
function allowWhen(conditions: readonly Condition[]): Instruction[] {
  const otherwise = Symbol("next rule");
  return [
    ...conditions.flatMap((condition) => check(condition, otherwise)),
    { op: "return", action: ACTION.allow },
    { op: "label", label: otherwise },
  ];
}

/** Goes on if the condition holds, else to `otherwise`. The machine compares 32 bits at a time. */
function check({ argument, is, value }: Condition, otherwise: Label): Instruction[] {
  const low = SECCOMP_DATA.argument(argument);
  const high = low + 4;
  const lowValue = Number(value & 0xffff_ffffn);
  const highValue = Number(value >> 32n);
  if (is === "==") {
    return [
      { op: "load", offset: high },
      { op: "test", test: "==", value: highValue, otherwise },
      { op: "load", offset: low },
      { op: "test", test: "==", value: lowValue, otherwise },
    ];
  }
  const holds = Symbol("holds");
  return [
    { op: "load", offset: high },
    { op: "test", test: ">", value: highValue, then: otherwise },
    { op: "test", test: "==", value: highValue, otherwise: holds },
    { op: "load", offset: low },
    { op: "test", test: ">", value: lowValue, then: otherwise },
    { op: "label", label: holds },
  ];
}
