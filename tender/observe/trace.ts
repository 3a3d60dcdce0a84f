/**
 * A trace: every hypercall that a guest makes, and every request of its network ring, reported when it is
 * over.
 *
 * @module
 */
import {
  HYPERCALL,
  type Hypercall,
  HYPERCALL_ARGUMENTS,
  HYPERCALL_PORT,
  HYPERCALL_RESULTS,
} from "../../abi/hvt.ts";
import { RING_OPERATION, RING_PORT } from "../../abi/hvt_ring.ts";
import { monotonic } from "../../linux/clock.ts";
import { describe } from "../outcome.ts";
import type { Answer, Context } from "../hvt/answer.ts";
import type { Calls, Observer } from "../hvt/observer.ts";

/** Values of an argument block, by their names in Solo5's headers. */
export type CallFields = Readonly<Record<string, number | bigint>>;

/** The name of a network ring's request in a trace. */
export type RingCall = "ring_write" | "ring_read";

/** A hypercall, or a request of a network ring, that is over. Times are in nanoseconds. */
export interface TracedCall {
  /** When it began, counted from the guest's start. */
  readonly time: number;
  /** The number of its port, from that of hypercall 0 on; 256 for the ring. */
  readonly number: number;
  /** Its name in Solo5's headers, or that of the ring's request. */
  readonly name: Hypercall | RingCall;
  /** The guest's arguments; empty if the argument block lies where it must not. */
  readonly arguments: CallFields;
  /** The results that the guest got; empty if the call ended the guest. */
  readonly result: CallFields;
  /** Why the call ended the guest, if it did so unexpectedly. */
  readonly fault?: string;
  /** From the guest's exit until it continued, waiting included. */
  readonly duration: number;
}

const NAMES = Object.entries(HYPERCALL).reduce((names, [name, number]) => {
  names[number] = name as Hypercall;
  return names;
}, [] as Hypercall[]);

const RING_NUMBER = RING_PORT - HYPERCALL_PORT;

/** A call that has begun. */
type Begun = Pick<TracedCall, "time" | "number" | "name" | "arguments">;

/** A hypercall that has begun. */
type BegunHypercall = Begun & { readonly name: Hypercall };

/** Nanoseconds since some moment. */
type Clock = () => number;

/**
 * Makes an observer that reports each hypercall.
 *
 * @param options `clock`: a monotonic clock in nanoseconds; the host's if not given
 */
export function traceCalls(
  report: (call: TracedCall) => void,
  { clock = monotonic }: { clock?: () => bigint } = {},
): Observer {
  return {
    calls: (calls) => {
      const origin = clock();
      return traced(calls, { report, now: () => Number(clock() - origin) });
    },
  };
}

function traced(
  { hypercall, resumePoll, serveRequest }: Calls,
  { report, now }: { report: (call: TracedCall) => void; now: Clock },
): Calls {
  let waiting: BegunHypercall | undefined;
  const tell = (begun: Begun, { result, end }: { result: CallFields; end: Answer }) => {
    const fault = end?.kind === "ended" ? describe(end.outcome) : undefined;
    const duration = now() - begun.time;
    report({ ...begun, result, ...(fault === undefined ? {} : { fault }), duration });
  };
  const end = (begun: BegunHypercall, answer: Answer, place: Place) => {
    const results = HYPERCALL_RESULTS[begun.name];
    const result = answer === undefined
      ? fieldsOf(begun.name, { ...place, wanted: (field) => results.includes(field) })
      : {};
    tell(begun, { result, end: answer });
  };
  return {
    serveRequest(request, context) {
      const { operation, ...asked } = request;
      const name = operation === RING_OPERATION.read ? "ring_read" : "ring_write";
      const begun = { time: now(), number: RING_NUMBER, name, arguments: asked } as const;
      const served = serveRequest(request, context);
      if ("end" in served) tell(begun, { result: {}, end: served.end });
      else tell(begun, { result: { ...served.commit }, end: undefined });
      return served;
    },
    hypercall(number, block, context) {
      const name = NAMES[number];
      if (name === undefined) return hypercall(number, block, context);
      const results = HYPERCALL_RESULTS[name];
      const asked = fieldsOf(name, {
        context,
        block,
        // The length of a read is an argument and a result.
        wanted: (field) => field === "len" || !results.includes(field),
      });
      const begun = { time: now(), number, name, arguments: asked };
      const answer = hypercall(number, block, context);
      if (answer?.kind === "wait") waiting = begun;
      else end(begun, answer ?? undefined, { context, block });
      return answer;
    },
    resumePoll(context, block, wait) {
      const answer = resumePoll(context, block, wait);
      if (waiting !== undefined && answer?.kind !== "wait") {
        end(waiting, answer, { context, block });
        waiting = undefined;
      }
      return answer;
    },
  };
}

/** An argument block, and the guest that it belongs to. */
interface Place {
  readonly context: Context;
  readonly block: number;
}

/** The wanted fields of a call's argument block; none if it lies where it must not. */
function fieldsOf(
  name: Hypercall,
  { context: { guest }, block, wanted }: Place & { wanted: (field: string) => boolean },
): CallFields {
  const type = HYPERCALL_ARGUMENTS[name];
  if (!guest.allows("read", { address: block, length: type.size })) return {};
  const fields: Record<string, number | bigint> = {};
  for (const [field, value] of Object.entries(type.read(guest.at(block, type.size), 0))) {
    if (wanted(field)) fields[contractName(field)] = value;
  }
  return fields;
}

/** The name in Solo5's headers: `ready_set` for `readySet`. */
function contractName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
