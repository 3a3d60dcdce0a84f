/**
 * The sub-commands `run`, `pack` and `snapshot`, declared for help and mistakes. A command line without a mistake
 * is read by `guest_words.ts` alone.
 *
 * @module
 */
import {
  buildCommand,
  type Command,
  type CommandContext,
  type FlagParametersForType,
} from "@stricli/core";
import {
  type GuestOption,
  OUTPUT,
  PACK_OPTIONS,
  RUN_OPTIONS,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OUTPUT,
} from "./grammar.ts";
import { argument, flag, option, options, required } from "./options.ts";

/** The values that the scanner finds, by the options' names. */
type Values = Readonly<Record<string, string | readonly string[] | boolean>>;

/** Loads a command: a function that reads a command line and executes it. */
type Loader = () => Promise<(words: readonly string[]) => Promise<unknown>>;

const GUEST_USAGE = "[OPTIONS] [--] UNIKERNEL [ARGS...]";

/** `run`. */
export const runGuest: Command<CommandContext> = guestCommand(
  async () => (await import("./run.ts")).runCommand,
  { options: RUN_OPTIONS, brief: "Run a unikernel", usage: GUEST_USAGE },
);

/** `pack`. */
export const pack: Command<CommandContext> = guestCommand(
  async () => (await import("./pack.ts")).packCommand,
  {
    options: PACK_OPTIONS,
    output: OUTPUT,
    brief: "Make one Linux executable from an spt unikernel",
    usage: `-o FILE ${GUEST_USAGE}`,
  },
);

/** `snapshot`. */
export const snapshot: Command<CommandContext> = guestCommand(
  async () => (await import("./snapshot.ts")).snapshotCommand,
  {
    options: SNAPSHOT_OPTIONS,
    output: SNAPSHOT_OUTPUT,
    brief: "Make a unikernel of one that has initialised",
    usage: `-o FILE ${GUEST_USAGE}`,
  },
);

function guestCommand(
  load: Loader,
  { options, output, brief, usage }: {
    options: readonly GuestOption[];
    output?: GuestOption;
    brief: string;
    usage: string;
  },
): Command<CommandContext> {
  const flags = {
    ...Object.fromEntries(options.map((option) => [option.name, flagOf(option)])),
    ...(output && { [output.name]: required(briefOf(output)) }),
  };
  return buildCommand<Values, string[]>({
    loader: async () => {
      const command = await load();
      return async (values, ...words) => void await command(guestWords(values, words));
    },
    parameters: {
      // The scanner's types want every option by its name, and these come from a table.
      flags: flags as unknown as FlagParametersForType<Values>,
      aliases: Object.fromEntries(
        [...options, ...(output === undefined ? [] : [output])]
          .flatMap(({ name, short }) => short === undefined ? [] : [[short, name]]),
      ) as Record<never, never>,
      positional: {
        kind: "array",
        minimum: 1,
        parameter: argument(
          "UNIKERNEL [ARGS...]",
          "The file of the unikernel, then its arguments",
        ),
      },
    },
    docs: { brief, customUsage: [usage] },
  });
}

/** The declaration of an option for the scanner. */
function flagOf(of: GuestOption) {
  const brief = briefOf(of);
  if (of.device !== undefined) return options(brief, of);
  if (of.form === `--${of.name}`) return flag(brief);
  if (of.form.includes("[=")) return { ...option(brief), inferEmpty: true };
  return option(brief, of);
}

function briefOf({ form, brief }: GuestOption): string {
  return `${form}: ${brief}`;
}

/** Puts the command line together again from what the scanner found. */
function guestWords(values: Values, words: readonly string[]): string[] {
  const options = Object.entries(values).flatMap(([option, value]) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((value) => `--${option}:${value}`);
    return value === true || value === "" ? `--${option}` : `--${option}=${value}`;
  });
  return [...options, "--", ...words];
}
