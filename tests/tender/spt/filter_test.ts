/**
 * The filter against its table: what the contract allows, one step beside each of it, and everything
 * else, asked of the very bytes that the kernel gets.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { ACTION, assembleBpf, load, ret, skipUnless, unless } from "../../../linux/bpf.ts";
import {
  allow,
  atMost,
  baseRules,
  compileFilter,
  type Condition,
  equal as equals,
  type Rule,
} from "../../../tender/spt/filter.ts";
import { LINUX, type SystemCall } from "../../../linux/syscalls.ts";
import { type Call, decide } from "./bpf_interpreter.ts";

const linux = LINUX.x86_64!;
const { calls } = linux;
const base = compileFilter(baseRules({ epoll: 3, timer: 4 }), linux);

const allowed: [string, Call][] = [
  ["write to the console", { number: calls.write, args: [1, 0x100000, 5] }],
  ["monotonic clock", { number: calls.clock_gettime, args: [1] }],
  ["wall clock", { number: calls.clock_gettime, args: [0] }],
  ["wait", { number: calls.epoll_pwait, args: [3, 0x100000, 1, -1] }],
  ["set the timer", { number: calls.timerfd_settime, args: [4] }],
  ["set the thread pointer", { number: calls.arch_prctl, args: [0x1002, 0x100000] }],
  ["exit", { number: calls.exit_group, args: [7] }],
];

const refused: [string, Call][] = [
  ["write to the standard error", { number: calls.write, args: [2] }],
  ["write to the console, high half set", { number: calls.write, args: [1n << 32n | 1n] }],
  ["read from the standard input", { number: calls.read, args: [0] }],
  ["read from the console", { number: calls.read, args: [1] }],
  ["block read without a device", { number: calls.pread64, args: [5, 0, 512, 0] }],
  ["process clock", { number: calls.clock_gettime, args: [2] }],
  ["wait on another descriptor", { number: calls.epoll_pwait, args: [4] }],
  ["set another timer", { number: calls.timerfd_settime, args: [3] }],
  ["set GS", { number: calls.arch_prctl, args: [0x1001] }],
  ["map memory", { number: 9 }],
  ["protect memory", { number: calls.mprotect }],
  ["execute", { number: 59 }],
  ["write through the x32 table", { number: 0x4000_0000 | calls.write, args: [1] }],
  ["exit as a 32-bit process", { number: calls.exit_group, arch: 0x4000_0003 }],
];

for (const [name, call] of allowed) {
  Deno.test(`filter allows: ${name}`, () => equal(decide(base, call), ACTION.allow));
}
for (const [name, call] of refused) {
  Deno.test(`filter kills: ${name}`, () => equal(decide(base, call), ACTION.killProcess));
}

Deno.test("no call outside the table is allowed, whatever its number", () => {
  const table = new Set<number>(baseRules({ epoll: 3, timer: 4 }).map(({ call }) => calls[call]));
  const open: number[] = [];
  for (let number = 0; number < 1024; number++) {
    const answers = [0, 1, 3, 4].map((arg) => decide(base, { number, args: [arg] }));
    if (!table.has(number) && answers.some((answer) => answer !== ACTION.killProcess)) {
      open.push(number);
    }
  }
  deepEqual(open, []);
});

/** The meaning of rules, said without a machine: the oracle for the compiler. */
function permits(rules: readonly Rule[], { number, args }: Call): boolean {
  const holds = ({ argument, is, value }: Condition) => {
    const actual = BigInt.asUintN(64, BigInt(args?.[argument] ?? 0));
    return is === "==" ? actual === value : actual <= value;
  };
  return rules.some(({ call, when }) => calls[call] === number && when.every(holds));
}

const edges = fc.constantFrom(0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 0x1_0000_0001n, 2n ** 64n - 1n);
const value = fc.oneof(edges, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const call = fc.constantFrom<SystemCall>("read", "write", "pread64", "pwrite64");
const rule: fc.Arbitrary<Rule> = fc.record({
  call,
  when: fc.array(
    fc.record({
      argument: fc.integer({ min: 0, max: 3 }),
      is: fc.constantFrom("==", "<="),
      value,
    }),
    { maxLength: 3 },
  ),
});

Deno.test("property: a filter decides as its rules say", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      call,
      fc.array(value, { minLength: 4, maxLength: 4 }),
      fc.infiniteStream(fc.integer({ min: -1, max: 1 })),
      (rules, name, args, steps) => {
        const filter = compileFilter(rules, linux);
        const ask = (call: Call) =>
          equal(
            decide(filter, call) === ACTION.allow,
            permits(rules, call),
            JSON.stringify(call, (_, v) => typeof v === "bigint" ? `${v}` : v),
          );
        ask({ number: calls[name], args });
        // Values at and right beside the rules' own are where a comparison goes wrong.
        for (const { call, when } of rules) {
          const near = [0n, 0n, 0n, 0n];
          for (const { argument, value } of when) {
            near[argument] = BigInt.asUintN(64, value + BigInt(steps.next().value));
          }
          ask({ number: calls[call], args: near });
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a filter for the most devices that a manifest can declare still assembles", () => {
  const rules = Array.from({ length: 63 }, (_, index) => [
    allow("pread64", equals(0, index + 5), equals(2, 512), atMost(3, 2n ** 33n)),
    allow("pwrite64", equals(0, index + 5), equals(2, 512), atMost(3, 2n ** 33n)),
  ]).flat();
  const filter = compileFilter([...rules, ...baseRules({ epoll: 3, timer: 4 })], linux);
  const read = (fd: number, offset: bigint) =>
    decide(filter, { number: calls.pread64, args: [fd, 0, 512, offset] });
  equal(read(67, 2n ** 33n), ACTION.allow);
  equal(read(67, 2n ** 33n + 1n), ACTION.killProcess);
  equal(read(68, 0n), ACTION.killProcess);
  equal(decide(filter, { number: calls.exit_group }), ACTION.allow);
});

Deno.test("code of any length is skipped whole", () => {
  for (const length of [1, 254, 255, 256, 257, 1000]) {
    const filler = Array.from({ length: length - 1 }, () => load(0));
    const filter = assembleBpf([
      load(0),
      ...skipUnless("==", 7, [...filler, ret(1)]),
      ret(2),
      ret(3),
    ]);
    deepEqual([7, 8].map((number) => decide(filter, { number })), [1, 2], `${length}`);
  }
});

Deno.test("the assembler refuses what the kernel would: too far a test, too long a program", () => {
  throws(() => assembleBpf([unless("==", 1, { skip: 256 })]), /a test that skips 256/);
  const long = Array.from({ length: 4097 }, () => load(0));
  throws(() => assembleBpf([unless("==", "vcpu", { skip: 1 })]), /no value for vcpu/);
  throws(() => assembleBpf(long), /needs 4097 instructions, maximum 4096/);
});
