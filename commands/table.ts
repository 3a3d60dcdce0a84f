/**
 * The table of sub-commands as data, from which help, completions and the manual page are made.
 *
 * @module
 */
import type { Proposing } from "./options.ts";
import { type Command, type CommandContext, type RouteMap, text_en } from "@stricli/core";

/** An option of a command. */
export interface Option extends Proposing {
  /** Without its dashes. */
  readonly name: string;
  /** One letter, where there is a short form. */
  readonly short?: string;
  /** As it is written: `--mem=MiB`, `--net:NAME=IFACE or @FD`, `--json`. */
  readonly form: string;
  readonly brief: string;
  /** Whether it must have a value, which may be the next word. */
  readonly takesValue: boolean;
  /** All its values, if it has few; else empty. */
  readonly values: readonly string[];
}

/** A sub-command. */
export interface Entry {
  /** The words that call it: `["manifest", "compile"]`. */
  readonly path: readonly string[];
  readonly brief: string;
  /** Its usage, without the program's name. */
  readonly usage: readonly string[];
  readonly options: readonly Option[];
  /** The placeholder of its arguments, if it has any. */
  readonly argument?: string;
  /** What the arguments are. */
  readonly argumentBrief?: string;
}

/** The table, as stricli has it. */
export type Routes = RouteMap<CommandContext>;

/** A group of commands, or a command. */
export type CommandOrGroup = Routes | Command<CommandContext>;

/** Every command that is shown to people. */
export function entriesOf(routes: Routes, prefix: readonly string[] = []): Entry[] {
  return routes.getAllEntries().filter(({ hidden }) => !hidden).flatMap(({ name, target }) => {
    const path = [...prefix, name.original];
    return isRoutes(target) ? entriesOf(target, path) : [entryOf(target, path)];
  });
}

/** Whether it is a group of commands. */
export function isRoutes(target: CommandOrGroup): target is Routes {
  return "getAllEntries" in target;
}

/** A command as data; `path` are the words that call it. */
export function entryOf(command: Command<CommandContext>, path: readonly string[]): Entry {
  const { flags = {}, aliases = {}, positional } = command.parameters;
  const shorts = new Map(Object.entries(aliases).map(([short, name]) => [name, short]));
  const [parameter] = positional === undefined
    ? []
    : positional.kind === "array"
    ? [positional.parameter]
    : positional.parameters;
  return {
    path,
    brief: command.brief,
    usage: usageOf(command, path),
    options: Object.entries(flags).filter(([, { hidden }]) => !hidden).map(([name, flag]) => {
      const { proposed, device } = flag as Proposing;
      const described = {
        name,
        short: shorts.get(name),
        proposed,
        device,
        ...describeOption(name, flag),
      };
      if (flag.kind !== "enum") return { ...described, values: valuesIn(described.form) };
      const values = [...flag.values];
      return { ...described, values, form: `--${name}=${values.join("|")}` };
    }),
    argument: parameter?.placeholder,
    argumentBrief: parameter?.brief,
  };
}

/** Splits `FORM: BRIEF`, as options have it whose form does not follow from their name. */
function describeOption(
  name: string,
  { kind, brief }: { kind: string; brief: string },
): Pick<Option, "form" | "brief" | "takesValue"> {
  const takesValue = kind !== "boolean" && kind !== "counter";
  const [, form, rest] = /^(--.*?): (.*)$/.exec(brief) ?? [];
  if (form !== undefined) {
    const brief = `${rest!.slice(0, 1).toUpperCase()}${rest!.slice(1)}`;
    return { form, brief, takesValue: takesValue && !form.includes("[=") };
  }
  return { form: takesValue ? `--${name}=VALUE` : `--${name}`, brief, takesValue };
}

/** The values that a form lists: `--trace-format=json|text`. */
function valuesIn(form: string): string[] {
  return /=([a-z]+(?:\|[a-z]+)+)$/.exec(form)?.[1]?.split("|") ?? [];
}

/** Finds the option that a word names, in its long or short form, without a value. */
export function optionOf({ options }: Entry, word: string | undefined): Option | undefined {
  const [, long, device] = /^--([a-z-]+)(:[^=]*)?$/s.exec(word ?? "") ?? [];
  return options.find(({ name, short, form }) =>
    name === long
      ? form.startsWith(`--${name}:`) === (device !== undefined)
      : short !== undefined && word === `-${short}`
  );
}

/** The lines of usage with which the help of a command begins. */
function usageOf(command: Command<CommandContext>, path: readonly string[]): string[] {
  const prefix = ["soloden", ...path];
  const help = command.formatHelp({
    prefix,
    config: { useAliasInUsageLine: true, onlyRequiredInUsageLine: false, caseStyle: "original" },
    ansiColor: false,
    text: text_en,
    additionalFlags: [],
    includeArgumentEscapeSequenceFlag: false,
    includeHidden: false,
  });
  const lines = help.split("\n");
  return lines.slice(1, lines.indexOf("")).map((line) => line.trim().replace(/^soloden /, ""));
}
