/**
 * Who called whom, guessed from a stack: code that keeps no frame pointers leaves only the addresses
 * that calls return to, between data that may look like them.
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

/** What is known of the code. */
export interface Code {
  readonly segments: readonly Segment[];
  readonly locator: Locator;
}

/**
 * Finds the calls that led to `rip`, the last one first: a word on the stack is one if it points
 * behind a `call` of a function; better, of the function that it is to explain.
 *
 * @param stack from the stack pointer on
 * @param options `most`: calls to find
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
    // None calls that function where it was jumped to.
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

/** All calls that words on a stack return from. */
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

/** Where the call goes that comes back to an address, if there is one. */
function callTarget(segments: readonly Segment[], back: number): number | undefined {
  const at = back - CALL_SIZE;
  const segment = segments.find(({ execute, address, data }) =>
    execute && at >= address && back <= address + data.length
  );
  if (segment === undefined || segment.data[at - segment.address] !== CALL) return undefined;
  return back + viewOf(segment.data).getInt32(at - segment.address + 1, true);
}
