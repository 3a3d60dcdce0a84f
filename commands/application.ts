/**
 * The table of sub-commands: their options and their help, and from where each is loaded when it is
 * used.
 *
 * @module
 */
import {
  type Application,
  type ApplicationText,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type CommandContext,
  type RouteMap,
  run,
  type StricliIntegration,
  type StricliProcess,
  text_en,
  version,
} from "@stricli/core";
import project from "../deno.json" with { type: "json" };
import { errorLine, errorText, isUnread, UNREAD_STATUS } from "./error_text.ts";
import { helpText } from "./help.ts";
import { firstMistake, mistakeText, strayOptionText, unknownCommandText } from "./mistakes.ts";
import { argument, flag, options, required } from "./options.ts";
import { completeCommand, completions, doctor, newCommand } from "./first_steps.ts";
import { mcp } from "./mcp.ts";
import { pack, runGuest, snapshot } from "./guests.ts";
import { replay } from "./recordings.ts";
import { sink } from "./sink.ts";
import { entriesOf } from "./table.ts";
import { BUILT } from "./targets.fixed.ts";
import { adopt, build, install, link, uninstall, wrapper } from "./toolchain.ts";

const compileManifest = buildCommand({
  loader: async () => {
    const { compileManifestFile } = await import("./unikernels.ts");
    return (flags: { output: string }, input: string) => compileManifestFile(input, flags.output);
  },
  parameters: {
    flags: {
      output: required("--output FILE: The file to write, .o or .c"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [argument("MANIFEST", "manifest.json, or - for standard input")],
    },
  },
  docs: {
    brief: "Compile a manifest to an object file or C source",
    customUsage: ["-o FILE.o|FILE.c MANIFEST.json"],
  },
});

interface InspectFlags {
  readonly json?: boolean;
  readonly symbols?: readonly string[];
  readonly seccomp?: boolean;
}

const inspect = buildCommand({
  loader: async () => {
    const { inspectFile, seccompText } = await import("./inspect.ts");
    return async function (this: CommandContext, flags: InspectFlags, path: string) {
      const { stdout } = this.process;
      if (flags.symbols) {
        const { nameAddresses } = await import("./unikernels.ts");
        return stdout.write(nameAddresses(path, flags.symbols));
      }
      if (!flags.seccomp) return stdout.write(await inspectFile(path, flags));
      const { text, fault } = await seccompText(path);
      stdout.write(text);
      if (fault !== undefined) throw fault;
    };
  },
  parameters: {
    flags: {
      json: flag("Print JSON"),
      seccomp: flag("Print the system call filter of a packed executable"),
      symbols: options("--symbols ADDRESS...: Name the functions and objects at these addresses"),
    },
    positional: {
      kind: "tuple",
      parameters: [argument("FILE", "A unikernel or a packed executable")],
    },
  },
  docs: {
    brief: "Show a unikernel's ABI, manifest, segments and sizes",
    customUsage: ["[--json | --seccomp] FILE", "--symbols ADDRESS... FILE"],
  },
});

const manifestSchema = buildCommand({
  loader: async () => {
    const { manifestJsonSchema } = await import("../bindings/templates/manifest_json_schema.ts");
    return function (this: CommandContext) {
      this.process.stdout.write(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
    };
  },
  parameters: {},
  docs: { brief: "Print the JSON Schema of manifests, for editors" },
});

/** The flag that tells the wrapped tools which bindings to link with; `stub` only links. */
const TARGET_FLAG = `-z solo5-abi=${[...BUILT, "stub"].join("|")}`;

/** Every sub-command by its name. */
export const routes: RouteMap<CommandContext> = buildRouteMap({
  routes: {
    new: newCommand,
    build,
    link,
    adopt,
    run: runGuest,
    pack,
    snapshot,
    replay,
    manifest: buildRouteMap({
      routes: { compile: compileManifest, schema: manifestSchema },
      docs: { brief: "Work with application manifests" },
    }),
    inspect,
    mcp,
    cc: wrapper(`Compile and link for unikernels (${TARGET_FLAG})`),
    ld: wrapper(`Link for unikernels (${TARGET_FLAG})`),
    objcopy: wrapper("Copy object files"),
    install,
    uninstall,
    doctor,
    completions,
    complete: completeCommand(() => routes),
  },
  docs: {
    brief: "Build, run and host Solo5 unikernels",
    hideRoute: { complete: true },
  },
});

/** `--help` and `-h`; also printed where no command is given. */
const help: StricliIntegration<CommandContext> = {
  flag: {
    brief: "Print this and exit",
    aliases: ["h"],
    global: true,
    defaultForRouteMap: true,
    run(_, { result: { target, prefix } }) {
      this.process.stdout.write(helpText(target, prefix.slice(1)));
    },
  },
};

/** How much the scanner counts each slip when it looks for the word that was meant. */
const SLIPS = {
  threshold: 3,
  weights: { insertion: 1, deletion: 1, substitution: 2, transposition: 1 },
};

/** The lines about an error. If nobody reads standard output any more, the process ends instead. */
function errorLines(error: unknown): string {
  if (isUnread(error)) Deno.exit(UNREAD_STATUS);
  return errorText("soloden", error);
}

const TEXTS: Partial<ApplicationText> = {
  exceptionWhileRunningCommand: errorLines,
  exceptionWhileLoadingCommandFunction: errorLines,
  commandErrorResult: errorLines,
  noCommandRegisteredForInput: ({ input, corrections }) =>
    errorLine("soloden", unknownCommandText(input, corrections)),
};

/**
 * Makes the application.
 *
 * @param mistakes the scanner adds its errors about the command line here
 */
function applicationFor(mistakes: unknown[]): Application<CommandContext> {
  const collected: Partial<ApplicationText> = {
    exceptionWhileParsingArguments: (error) => {
      mistakes.push(error);
      return "";
    },
  };
  return buildApplication(routes, {
    name: "soloden",
    scanner: { allowArgumentEscapeSequence: true, distanceOptions: SLIPS },
    localization: { text: { ...text_en, ...TEXTS, ...collected } },
  }, {
    help,
    version: version({
      brief: "Print the version and exit",
      info: { currentVersion: project.version },
    }),
  });
}

/**
 * Runs the command.
 *
 * @param args the command line without the program's name
 * @returns whether it succeeded; if not, the reason was printed
 */
export async function runApplication(args: readonly string[]): Promise<boolean> {
  const stdout = sink(Deno.stdout, "standard output");
  const stderr = sink(Deno.stderr, "standard error");
  const words = await normalise(args);
  const entry = entriesOf(routes).find(({ path }) =>
    path.every((word, index) => words[index] === word)
  );
  const mistakes: unknown[] = [];
  const stray = entry && strayOptionText(words.slice(entry.path.length), entry);
  const process: StricliProcess = {
    stdout,
    // The scanner writes an empty line for each mistake. One line about all of them is written below.
    stderr: { write: (text) => text === "\n" ? undefined : stderr.write(text) },
  };
  if (stray === undefined) await run(applicationFor(mistakes), words, { process });
  const wrong = stray ??
    (mistakes.length === 0
      ? undefined
      : mistakeText(firstMistake(mistakes), { entry, after: await lastOption(args) }));
  if (wrong !== undefined) stderr.write(`${errorLine("soloden", wrong)}\n`);
  return wrong === undefined && process.exitCode === 0;
}

/** Puts arguments into the form that the scanner reads. */
async function normalise(args: readonly string[]): Promise<string[]> {
  const [command, ...rest] = args;
  if (command === "help") return [...rest, "--help"];
  if (command === "build") return ["build", ...compilerFlags(rest)];
  if (command === "inspect") return ["inspect", ...addressFlags(rest)];
  // The scanner would take the word after it for its value.
  if (command === "replay" && rest.includes("--gdb")) {
    return ["replay", ...rest.filter((word) => word !== "--gdb"), "--gdb"];
  }
  if (isGuestCommand(command)) {
    const { scannerWords } = await import("./guest_words.ts");
    return [command, ...scannerWords(rest)];
  }
  return [...args];
}

/** Whether a command takes a guest's options, which no scanner reads. */
function isGuestCommand(command: string | undefined): command is string {
  return command === "run" || command === "pack" || command === "snapshot";
}

/** The last option of a command line about a guest. */
async function lastOption([command, ...words]: readonly string[]): Promise<string | undefined> {
  if (!isGuestCommand(command)) return undefined;
  // Help does not need the parser.
  const { splitOptions } = await import("./guest_words.ts");
  return splitOptions(words).options.at(-1);
}

/** Turns the words after `--`, which are flags for the compiler, into options. */
function compilerFlags(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  if (end < 0) return [...args];
  return [...args.slice(0, end), ...args.slice(end + 1).map((flag) => `--cc-flag=${flag}`)];
}

/** Repeats `--symbols` before each address. Any number of addresses may stand before the file. */
function addressFlags(words: readonly string[]): string[] {
  const at = words.indexOf("--symbols");
  const addresses = at < 0 ? [] : words.slice(at + 1, -1);
  if (addresses.length === 0) return [...words];
  return [
    ...words.slice(0, at),
    ...addresses.flatMap((address) => ["--symbols", address]),
    ...words.slice(-1),
  ];
}
