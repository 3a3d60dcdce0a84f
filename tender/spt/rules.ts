/**
 * Rules of a guest's filter: which system calls it may make, with which arguments.
 *
 * @module
 */
import type { SystemCall } from "../../linux/syscalls.ts";

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
