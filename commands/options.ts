/**
 * Options and arguments as the table of sub-commands declares them.
 *
 * @module
 */

/** The value of an option as it stands. */
export const text = (value: string): string => value;

/** What describes an option or argument to the scanner, and in help. */
interface Described<Kind extends string> {
  readonly kind: Kind;
  readonly optional: true;
  readonly brief: string;
}

/** An option with a value. */
type Option = Described<"parsed"> & { readonly parse: (value: string) => string };

/** An option with a value that may be left out. */
export function option(brief: string): Option {
  return { kind: "parsed", parse: text, optional: true, brief };
}

/** An option that may be given again and again. */
export function options(brief: string): Option & { readonly variadic: true } {
  return { kind: "parsed", parse: text, optional: true, variadic: true, brief };
}

/** An option without a value. */
export function flag(brief: string): Described<"boolean"> & { readonly withNegated: false } {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}

/** An argument, by what its value is called. */
export function argument(
  placeholder: string,
  brief: string,
): Pick<Option, "parse" | "brief"> & { readonly placeholder: string } {
  return { parse: text, placeholder, brief };
}
