/**
 * From a template to the launch of one guest: addresses, ranges of its memory, its name.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { PROT_EXEC, PROT_READ, PROT_WRITE } from "./constants.ts";
import type { RangeKind } from "./launch.ts";
import { encodeText, NAME_SLOT, Record } from "./record.ts";
import type { LaunchTemplate } from "./template.ts";

/** A range of addresses, and what may be done there. */
export interface Range {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** What a launch takes from one guest. */
export interface Launch extends Readonly<Record<RangeKind, readonly Range[]>> {
  /** What messages begin with. */
  readonly name: string;
  /** The process that starts the guest, and that the guest must not outlive; none if not given. */
  readonly parent?: number;
  /** Address of the launch page. */
  readonly address: number;
  /** How the unikernel gets control: all other general registers are zero. */
  readonly entry: { readonly address: number; readonly stack: number; readonly argument: number };
}

/** A launch; whole pages are up to the caller. */
export interface LaunchPages {
  /** To be mapped readable and executable, at the launch's address. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** To be mapped readable and writable, `LAUNCH_WINDOW` behind that; may be empty. */
  readonly scratch: Uint8Array<ArrayBuffer>;
}

/** Fills in a template. */
export function fillLaunch(template: LaunchTemplate, launch: Launch): LaunchPages {
  const { address, entry, name } = launch;
  const page = relocated(template.page, template.relocations.page, address);
  Record.write(viewOf(page), page.length - Record.size, {
    a0: entry.address,
    a1: entry.stack,
    a2: entry.argument,
  });
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { at, each } of template.repeated) {
    pieces.push(page.subarray(from, at));
    from = at + Record.size;
    if (each !== "parent") {
      for (const range of launch[each]) pieces.push(recordOf(range, page.slice(at, from)));
    } else if (launch.parent !== undefined) {
      const record = page.slice(at, from);
      Record.write(viewOf(record), 0, { expected: launch.parent });
      pieces.push(record);
    }
  }
  pieces.push(page.subarray(from), encodeText(`${name}: `));
  const { code, lastAt } = concatenated(pieces);
  viewOf(code).setUint32(NAME_SLOT, lastAt, true);
  const scratch = relocated(template.scratch, template.relocations.scratch, address);
  return { code, scratch };
}

/** A copy with an address added at some places. */
function relocated(
  bytes: Uint8Array,
  places: readonly number[],
  address: number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = viewOf(copy);
  for (const at of places) {
    view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(address), true);
  }
  return copy;
}

/** The record of a range: the one for all of its kind, with its own first arguments. */
function recordOf({ start, end, read, write, execute }: Range, record: Uint8Array): Uint8Array {
  const flags = (read ? PROT_READ : 0) | (write ? PROT_WRITE : 0) | (execute ? PROT_EXEC : 0);
  Record.write(viewOf(record), 0, { a0: start, a1: end - start, a2: flags });
  return record;
}

/** Pieces as one, and where the last of them begins. */
function concatenated(
  pieces: readonly Uint8Array[],
): { code: Uint8Array<ArrayBuffer>; lastAt: number } {
  const code = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let end = 0;
  let lastAt = 0;
  for (const piece of pieces) {
    lastAt = end;
    code.set(piece, end);
    end += piece.length;
  }
  return { code, lastAt };
}
