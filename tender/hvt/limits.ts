/**
 * Enforces the limits of a guest of hvt, as an observer: an alarm interrupts the guest on its CPU, and the
 * tender where it writes for the guest; no wait goes beyond the guest's time; and console output is
 * counted.
 *
 * @module
 */
import { Alarms } from "../../linux/alarm.ts";
import { monotonic, threadTime } from "../../linux/clock.ts";
import { ConsoleMeter, limitReached, type Limits } from "../limits.ts";
import { type Answer, ended, RunEnded } from "./answer.ts";
import type { Observer } from "./observer.ts";

const MILLISECOND = 1_000_000n;

/** Makes an observer that enforces limits. It counts the thread's processor time from the guest's start on. */
export function limitMachine(limits: Limits): Observer {
  const { timeout, cpuTime } = limits;
  const meter = new ConsoleMeter(limits);
  let alarms: Alarms | undefined;
  let begin = 0n;
  let end: bigint | undefined;
  let endOfProcessor: bigint | undefined;
  const late = () => end !== undefined && monotonic() >= end;
  const checkTime = () => {
    if (late()) throw new RunEnded(limitReached("timeout", limits));
  };
  const interrupting = <T>(call: () => T): T =>
    alarms === undefined ? call() : alarms.interrupting(call);
  /** A wait, no longer than there is time; or the end, where there is none left. */
  const within = (answer: Answer): Answer => {
    if (answer?.kind !== "wait" || end === undefined) return answer;
    if (late()) return ended(limitReached("timeout", limits));
    return { ...answer, deadline: answer.deadline < end ? answer.deadline : end };
  };
  return {
    begin(vcpu) {
      begin = monotonic();
      if (timeout === undefined && cpuTime === undefined) return;
      vcpu.openToSignals();
      alarms = new Alarms();
      if (timeout !== undefined) {
        const nanoseconds = BigInt(Math.ceil(timeout)) * MILLISECOND;
        end = begin + nanoseconds;
        alarms.set("monotonic", nanoseconds);
      }
      if (cpuTime !== undefined) {
        const nanoseconds = BigInt(Math.ceil(cpuTime)) * MILLISECOND;
        endOfProcessor = threadTime() + nanoseconds;
        alarms.set("threadTime", nanoseconds);
      }
    },
    until: () => end,
    cpu: (cpu) => ({
      registers: () => cpu.registers(),
      run() {
        const exit = cpu.run();
        if (exit.kind !== "intr") return exit;
        alarms?.consume();
        checkTime();
        if (endOfProcessor !== undefined && threadTime() >= endOfProcessor) {
          throw new RunEnded(limitReached("cpuTime", limits));
        }
        return exit;
      },
    }),
    calls: (calls) => ({
      ...calls,
      hypercall(number, block, context) {
        const answer = calls.hypercall(number, block, context);
        return answer === null ? null : within(answer);
      },
      // The end of the time ends a wait before its own deadline would be looked at.
      resumePoll: (context, block, wait) =>
        late() ? within(wait) : within(calls.resumePoll(context, block, wait)),
    }),
    world: (world) => ({
      ...world,
      write(data) {
        const moment = Number((monotonic() - begin) / MILLISECOND);
        const taken = meter.take(data.length, moment);
        const read = interrupting(() => world.write(data.subarray(0, taken), late));
        if (!read) checkTime();
        if (taken === data.length) return read;
        throw new RunEnded(limitReached("consoleRate", limits));
      },
    }),
    attempt(call) {
      for (;;) {
        try {
          return interrupting(call);
        } catch (error) {
          if (!(error instanceof Deno.errors.Interrupted)) throw error;
          checkTime();
        }
      }
    },
    [Symbol.dispose]: () => alarms?.[Symbol.dispose](),
  };
}
