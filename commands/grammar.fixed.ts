/**
 * What the parser needs to know of each option: two words. They are evaluated when the command is
 * bundled, so that running a guest loads no help text and no device kind.
 *
 * @module
 */
import { type GuestOption, OUTPUT, type Part, RUN_OPTIONS } from "./grammar.ts";

/** How an option is written. */
export interface Shape {
  /** The part of a request that it belongs to. */
  readonly part: Part;
  /** What follows it: nothing, `[=VALUE]`, `=VALUE`, `=PATH` or `:NAME=VALUE`. */
  readonly value: "none" | "optional" | "plain" | "path" | "named";
}

/** Every option, by its forms with their dashes: `--mem`, `-o`. */
export const SHAPES: Readonly<Record<string, Shape>> = Object.fromEntries(
  [...RUN_OPTIONS, OUTPUT].flatMap((option) =>
    [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])]
      .map((form) => [form, { part: option.part, value: valueOf(option) }])
  ),
);

function valueOf({ name, form, isPath }: GuestOption): Shape["value"] {
  if (isPath) return "path";
  switch (form[2 + name.length]) {
    case undefined:
      return "none";
    case "[":
      return "optional";
    case ":":
      return "named";
    default:
      return "plain";
  }
}
