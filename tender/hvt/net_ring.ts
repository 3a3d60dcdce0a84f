/**
 * The network ring: a guest leaves requests in memory, and one exit has all of them served. The guest can
 * write everything in the ring, even the tender's indices, and harms only itself by that: the tender keeps
 * no state of its own, and checks everything each time.
 *
 * @module
 */
import { u32 } from "../../abi/layout.ts";
import {
  RING_COMMITS,
  RING_ENTRIES,
  RING_MEMORY,
  RING_OPERATION,
  RING_SLOTS,
  RingCommit,
  RingEntry,
  RingHeader,
} from "../../abi/hvt_ring.ts";
import { RESULT } from "../../abi/solo5.ts";
import type { OpenDevice } from "../devices/kind.ts";
import { kindOf } from "../devices/kinds.ts";
import type { Ended } from "../run/run.ts";
import { type Answer, badRange, type Context, ended } from "./answer.ts";

/** A request, as it lies in the ring. */
export type RingRequest = ReturnType<typeof RingEntry.read>;

/** The answer to a request, without its id; undefined where there is none. */
export type Committed = { readonly ret: number; readonly len: number } | undefined;

/** The result of a request: an answer for the guest, or the guest's end. */
export type Served = { readonly commit: Committed } | { readonly end: Ended };

/** Serves one request; see {@linkcode serveRequest}. */
export type ServeRequest = (request: RingRequest, context: Context) => Served;

/**
 * Serves all requests that the guest has left.
 *
 * @param options `ring`: the ring's address; `serve`: serves one request
 */
export function serveRing(
  context: Context,
  { ring, serve }: { ring: number; serve: ServeRequest },
): Answer {
  const view = context.guest.at(ring, RING_MEMORY);
  const { entTail, comHead, entHead, comTail } = RingHeader.read(view, 0);
  const requests = distance(entHead, entTail);
  if (requests > RING_SLOTS) return broken(`${requests} requests`);
  let commits = distance(comHead, comTail);
  if (commits > RING_SLOTS) return broken(`${commits} commits`);
  for (let done = 0; done < requests; done++) {
    const request = RingEntry.read(view, RING_ENTRIES + slot(entHead + done) * RingEntry.size);
    const served = serve(request, context);
    if ("end" in served) return served.end;
    if (served.commit !== undefined) {
      if (commits === RING_SLOTS) return broken("no room for a commit");
      const place = RING_COMMITS + slot(comHead + commits++) * RingCommit.size;
      RingCommit.write(view, place, { id: request.id, ...served.commit });
      u32.set(view, RingHeader.offsets.comTail, comHead + commits);
    }
    u32.set(view, RingHeader.offsets.entHead, entHead + done + 1);
  }
}

/**
 * Serves a request. A frame that cannot be sent is lost, as on any network. An unknown operation is
 * ignored.
 */
export function serveRequest(
  { operation, handle, data: address, len: length }: RingRequest,
  { guest, world }: Context,
): Served {
  const device = networkOf(world.devices[handle - 1]);
  if (operation === RING_OPERATION.write) {
    const range = { address, length };
    if (!guest.allows("read", range)) return { end: badRange("ring: frame", "read", range) };
    device?.write(guest.part(address, length), 0);
    return { commit: undefined };
  }
  if (operation !== RING_OPERATION.read) return { commit: undefined };
  const range = { address, length };
  if (!guest.allows("write", range)) return { end: badRange("ring: frame", "write", range) };
  if (device === undefined) return { commit: { ret: RESULT.EINVAL, len: 0 } };
  const count = device.read(guest.part(address, length), 0);
  return { commit: count < 0 ? { ret: -count, len: 0 } : { ret: RESULT.OK, len: count } };
}

/** A device whose frames go through the ring. */
function networkOf(device: OpenDevice | undefined): OpenDevice | undefined {
  return device !== undefined && kindOf(device.properties).ring ? device : undefined;
}

/** How far an index is ahead of another. */
function distance(from: number, to: number): number {
  return (to - from) >>> 0;
}

function slot(index: number): number {
  return index % RING_SLOTS;
}

function broken(what: string): Ended {
  const message = `hypercall ring: ${what} in a ring of ${RING_SLOTS}`;
  return ended({ kind: "fault", fault: "call", reason: "hypercall", message });
}
