/**
 * The table of sub-commands as data for what is made of it: completions and the manual page.
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
  /** The values that there are, where they are few. */
  readonly values: readonly string[];
}

/** A command that does something. */
export interface Entry {
  /** The words that call it: `["manifest", "compile"]`. */
  readonly path: readonly string[];
  readonly brief: string;
  /** Its usage, without the program's name. */
  readonly usage: readonly string[];
  readonly options: readonly Option[];
  /** What stands for its arguments, where there are any. */
  readonly argument?: string;
  /** What they are. */
  readonly argumentBrief?: string;
}

/** The root of the table, as stricli has it. */
export type Routes = RouteMap<CommandContext>;

/** What a path of the table leads to. */
export type Target = Routes | Command<CommandContext>;

/** Every command of the table that is shown to people. */
export function entriesOf(routes: Routes, prefix: readonly string[] = []): Entry[] {
  return routes.getAllEntries().filter(({ hidden }) => !hidden).flatMap(({ name, target }) => {
    const path = [...prefix, name.original];
    return isRoutes(target) ? entriesOf(target, path) : [entryOf(target, path)];
  });
}

/** Whether there are commands in it. */
export function isRoutes(target: Target): target is Routes {
  return "getAllEntries" in target;
}

/** A command of the table, by the words that call it. */
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

/** Options that no scanner reads tell their form in their brief, before a colon and a space. */
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

/** The option that a word is, in its long or short form and without a value. */
export function optionOf({ options }: Entry, word: string | undefined): Option | undefined {
  const [, long, device] = /^--([a-z-]+)(:[^=]*)?$/s.exec(word ?? "") ?? [];
  return options.find(({ name, short, form }) =>
    name === long
      ? form.startsWith(`--${name}:`) === (device !== undefined)
      : short !== undefined && word === `-${short}`
  );
}

/** The lines of usage that its help begins with. */
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
