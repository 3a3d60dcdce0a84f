/**
 * Guesses from a stack who called whom. Without frame pointers, the stack contains only the return
 * addresses, among data that may look like them.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { Locator } from "../../elftool/locate.ts";
import type { Segment } from "../../elftool/unikernel.ts";

/** `call` with a distance of 32 bits. */
const CALL = 0xe8;
const CALL_SIZE = 5;
const WORD = 8;

/** A unikernel's code and its symbols. */
export interface Code {
  readonly segments: readonly Segment[];
  readonly locator: Locator;
}

/**
 * Finds the calls that led to `rip`, the last one first. A word on the stack counts as a return address if
 * it points behind a `call` of a function; a call of the function that is to be explained is preferred.
 *
 * @param stack from the stack pointer on
 * @param options `most`: how many calls to find at most
 * @returns addresses within the calls
 */
export function findCallers(
  { rip, stack }: { rip: number; stack: Uint8Array },
  { code, most }: { code: Code; most: number },
): number[] {
  const calls = callsOn(stack, code);
  const callers: number[] = [];
  let callee = code.locator.functionStart(rip);
  let next = 0;
  while (callers.length < most) {
    const rest = calls.slice(next);
    // No call targets the function if it was jumped to.
    const found = rest.find(({ target }) => target === callee) ?? rest[0];
    if (found === undefined) break;
    callers.push(found.address);
    callee = code.locator.functionStart(found.address);
    next = calls.indexOf(found) + 1;
  }
  return callers;
}

interface Call {
  readonly address: number;
  readonly target: number;
}

/** All calls that a word on the stack may be the return address of. */
function callsOn(stack: Uint8Array, { segments, locator }: Code): Call[] {
  const view = viewOf(stack);
  const calls: Call[] = [];
  for (let at = 0; at + WORD <= stack.length; at += WORD) {
    const back = Number(view.getBigUint64(at, true));
    const target = callTarget(segments, back);
    if (target !== undefined && locator.functionStart(target) === target) {
      calls.push({ address: back - CALL_SIZE, target });
    }
  }
  return calls;
}

/** The target of the call before a return address; undefined if there is no call. */
function callTarget(segments: readonly Segment[], back: number): number | undefined {
  const at = back - CALL_SIZE;
  const segment = segments.find(({ execute, address, data }) =>
    execute && at >= address && back <= address + data.length
  );
  if (segment === undefined || segment.data[at - segment.address] !== CALL) return undefined;
  return back + viewOf(segment.data).getInt32(at - segment.address + 1, true);
}
