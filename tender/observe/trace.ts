/**
 * A trace: every hypercall that a guest makes, and every request of its network ring, told when it is over.
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

/** Values of an argument block by the names that the contract has for them. */
export type CallFields = Readonly<Record<string, number | bigint>>;

/** What a network ring is asked for, as a trace calls it. */
export type RingCall = "ring_write" | "ring_read";

/** A hypercall, or a request of a network ring, that is over. Times are in nanoseconds. */
export interface TracedCall {
  /** When it began, since the guest did. */
  readonly time: number;
  /** The number of its port, from that of hypercall 0 on; 256 for the ring. */
  readonly number: number;
  /** As the contract calls it. */
  readonly name: Hypercall | RingCall;
  /** What the guest asked; empty if its argument block lies where it may not. */
  readonly arguments: CallFields;
  /** What the guest got; empty if the call ended it. */
  readonly result: CallFields;
  /** Why the call ended the guest, where it did and was not meant to. */
  readonly fault?: string;
  /** From the guest's leaving to its going on, with what it waited. */
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
 * @param options `clock`: nanoseconds that never go back; the host's if not given
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
        // The length of a read is asked for, and set as well.
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

/** An argument block and whose it is. */
interface Place {
  readonly context: Context;
  readonly block: number;
}

/** The wanted fields of a call's argument block, where the guest may have one. */
function fieldsOf(
  name: Hypercall,
  { context: { guest }, block, wanted }: Place & { wanted: (field: string) => boolean },
): CallFields {
  const type = HYPERCALL_ARGUMENTS[name];
  if (!guest.allows("read", { address: block, length: type.size })) return {};
  const fields: Record<string, number | bigint> = {};
  for (const [field, value] of Object.entries(type.read(guest.view, block))) {
    if (wanted(field)) fields[contractName(field)] = value;
  }
  return fields;
}

/** `readySet` is `ready_set` in the contract. */
function contractName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
