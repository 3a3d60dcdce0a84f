/**
 * Options and arguments as the table of sub-commands declares them.
 *
 * @module
 */

import type { DeviceType } from "../abi/manifest.ts";
import type { Proposed } from "./grammar.ts";

/** Leaves the value of an option as it is. */
export const text = (value: string): string => value;

/** What shells need to know of an option; the scanner ignores it. */
export interface Proposing {
  /** What they propose for a value; files, if not given. */
  readonly proposed?: Proposed;
  /** The type of the devices that the option is about. */
  readonly device?: DeviceType;
}

/** What the scanner and help need to know of an option or argument. */
interface Described<Kind extends string> {
  readonly kind: Kind;
  readonly optional: true;
  readonly brief: string;
}

/** An option with a value. */
type Option = Described<"parsed"> & { readonly parse: (value: string) => string };

/** An option that may be left out. It has a value. */
export function option(brief: string, { proposed, device }: Proposing = {}): Option & Proposing {
  return { kind: "parsed", parse: text, optional: true, brief, proposed, device };
}

/** An option that may be given several times. */
export function options(
  brief: string,
  { proposed, device }: Proposing = {},
): Option & Proposing & { readonly variadic: true } {
  return { kind: "parsed", parse: text, optional: true, variadic: true, brief, proposed, device };
}

/** An option that must be given. */
export function required(
  brief: string,
  { proposed, device }: Proposing = {},
): Omit<Option, "optional"> & Proposing {
  return { kind: "parsed", parse: text, brief, proposed, device };
}

/** An option without a value. */
export function flag(brief: string): Described<"boolean"> & { readonly withNegated: false } {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}

/** An argument; `placeholder` is its name in help. */
export function argument(
  placeholder: string,
  brief: string,
): Pick<Option, "parse" | "brief"> & { readonly placeholder: string } {
  return { parse: text, placeholder, brief };
}
