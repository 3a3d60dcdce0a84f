/**
 * The table of sub-commands: their options, their help, and where each is loaded from on use.
 *
 * @module
 */
import {
  type ApplicationText,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type CommandContext,
  help,
  type RouteMap,
  run,
  type StricliProcess,
  text_en,
  version,
} from "@stricli/core";
import project from "../deno.json" with { type: "json" };
import { errorText } from "./error_text.ts";
import { argument, flag, option, options, text } from "./options.ts";
import { complete, completions, doctor, newCommand } from "./first_steps.ts";
import { guestFlags, pack, runGuest } from "./guests.ts";

interface BuildFlags {
  readonly target?: ("hvt" | "spt")[];
  readonly manifest?: string;
  readonly output?: string;
  readonly "cc-flag"?: string[];
}

const build = buildCommand({
  loader: async () => {
    const { build } = await import("../bindings/command.ts");
    const { withProgress } = await import("./progress.ts");
    return async (flags: BuildFlags, ...sources: string[]) => {
      const { target: targets, "cc-flag": ccFlags } = flags;
      await withProgress((progress) => build({ ...flags, sources, targets, ccFlags, progress }));
    };
  },
  parameters: {
    flags: {
      target: {
        kind: "enum",
        values: ["hvt", "spt"],
        optional: true,
        variadic: true,
        brief: "Target to build for (all)",
      },
      manifest: option("Manifest (manifest.json beside the first source, else no devices)"),
      output: option("Name of the output, to which .hvt and .spt are added (the first source's)"),
      "cc-flag": options("Flag for the compiler; what follows -- is one, too"),
    },
    aliases: { t: "target", o: "output" },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: argument("SOURCE", "C, C++ or assembly source, object or archive"),
    },
  },
  docs: {
    brief: "Build unikernels from source",
    customUsage: ["[-t TARGET]… [--manifest FILE] [-o NAME] SOURCE… [-- CC-FLAGS…]"],
  },
});

const compileManifest = buildCommand({
  loader: async () => {
    const { compileManifestFile } = await import("../elftool/command.ts");
    return (flags: { output: string }, input: string) => compileManifestFile(input, flags.output);
  },
  parameters: {
    flags: { output: { kind: "parsed", parse: text, brief: "What to write: FILE.o or FILE.c" } },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [argument("MANIFEST", "manifest.json, or - for standard input")],
    },
  },
  docs: { brief: "Compile a manifest to an object file or C source" },
});

interface InspectFlags {
  readonly json?: boolean;
  readonly symbols?: readonly string[];
  readonly seccomp?: boolean;
}

const inspect = buildCommand({
  loader: async () => {
    const { inspectFile, nameAddresses } = await import("../elftool/command.ts");
    return async function (this: CommandContext, flags: InspectFlags, path: string) {
      if (flags.symbols) return this.process.stdout.write(nameAddresses(path, flags.symbols));
      if (!flags.seccomp) return this.process.stdout.write(inspectFile(path, flags));
      const { describeFilter } = await import("../tender/spt/packed_filter.ts");
      const { readInput } = await import("../elftool/files.ts");
      this.process.stdout.write(describeFilter(readInput(path), { name: path }));
    };
  },
  parameters: {
    flags: {
      json: flag("Print JSON"),
      seccomp: flag("Print the system call filter of a packed executable"),
      symbols: options("Name the functions and objects that addresses lie in"),
    },
    positional: {
      kind: "tuple",
      parameters: [argument("FILE", "A unikernel or a packed executable")],
    },
  },
  docs: {
    brief: "Show a unikernel's ABI, manifest, segments and sizes",
    customUsage: ["[--json | --seccomp] FILE", "--symbols ADDRESS… FILE"],
  },
});

/** A tool of this machine; main.ts runs it, and reads nothing of its words. */
const wrapper = (brief: string) =>
  buildCommand({
    loader: () => Promise.resolve((_: Record<never, never>, ..._words: string[]) => {}),
    parameters: {
      flags: {},
      positional: { kind: "array", parameter: argument("ARGS", "Its own") },
    },
    docs: { brief, customUsage: ["ARGS…"] },
  });

const prefixOption = {
  kind: "parsed",
  parse: text,
  brief: "Where bin/, include/ and lib/ are",
} as const;

interface InstallFlags {
  readonly prefix: string;
  readonly program?: string;
  readonly force?: boolean;
}

const install = buildCommand({
  loader: async () => {
    const { installCommand } = await import("../bindings/command.ts");
    const { withProgress } = await import("./progress.ts");
    return async function (this: CommandContext, flags: InstallFlags) {
      const said = await withProgress((report) => {
        report({ what: "the toolchain" });
        return installCommand(flags);
      });
      this.process.stdout.write(said);
    };
  },
  parameters: {
    flags: {
      prefix: prefixOption,
      program: option(
        "What the programs lead to: an executable, or a script for this runtime (this)",
      ),
      force: flag("Replace files that are not ours"),
    },
  },
  docs: { brief: "Install the programs and the toolchain under the names that Solo5 has for them" },
});

const uninstall = buildCommand({
  loader: async () => {
    const { uninstallCommand } = await import("../bindings/command.ts");
    return async function (this: CommandContext, flags: { prefix: string }) {
      this.process.stdout.write(await uninstallCommand(flags));
    };
  },
  parameters: { flags: { prefix: prefixOption } },
  docs: { brief: "Take away what install wrote" },
});

const told = (error: unknown) => errorText("soloden", error);

const texts: Partial<ApplicationText> = {
  exceptionWhileParsingArguments: (error) => `soloden: ${(error as Error).message}`,
  exceptionWhileRunningCommand: told,
  exceptionWhileLoadingCommandFunction: told,
  commandErrorResult: told,
  noCommandRegisteredForInput: (args) => `soloden: ${text_en.noCommandRegisteredForInput(args)}`,
};

/** The table itself: every sub-command by its name. */
export const routes: RouteMap<CommandContext> = buildRouteMap({
  routes: {
    new: newCommand,
    build,
    run: runGuest,
    pack,
    manifest: buildRouteMap({
      routes: { compile: compileManifest },
      docs: { brief: "Work with application manifests" },
    }),
    inspect,
    cc: wrapper("Compile and link for unikernels (-z solo5-abi=hvt|spt|stub)"),
    ld: wrapper("Link for unikernels (-z solo5-abi=hvt|spt|stub)"),
    objcopy: wrapper("Copy object files"),
    install,
    uninstall,
    doctor,
    completions,
    complete,
  },
  docs: {
    brief: "Build, run and host Solo5 unikernels",
    hideRoute: { complete: true },
  },
});

const application = buildApplication(routes, {
  name: "soloden",
  scanner: { allowArgumentEscapeSequence: true },
  localization: { text: { ...text_en, ...texts } },
}, {
  help: help({
    brief: "Print this and exit",
    formatting: {
      useAliasInUsageLine: true,
      onlyRequiredInUsageLine: false,
      caseStyle: "original",
    },
  }),
  version: version({
    brief: "Print the version and exit",
    info: { currentVersion: project.version },
  }),
});

/**
 * Runs the command.
 *
 * @param args the command line without the program's name
 * @returns whether it succeeded; if not, it has said why
 */
export async function runApplication(args: readonly string[]): Promise<boolean> {
  const process: StricliProcess = { stdout: sink(Deno.stdout), stderr: sink(Deno.stderr) };
  await run(application, normalise(args), { process });
  return process.exitCode === 0;
}

/** Puts arguments into the form that the scanner reads. */
function normalise(args: readonly string[]): string[] {
  const [command, ...rest] = args;
  if (command === "build") return ["build", ...compilerFlags(rest)];
  if (command === "inspect") return ["inspect", ...addressFlags(rest)];
  if (command === "run" || command === "pack") return [command, ...guestFlags(rest)];
  return [...args];
}

/** What follows `--` are the compiler's flags. */
function compilerFlags(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  if (end < 0) return [...args];
  return [...args.slice(0, end), ...args.slice(end + 1).map((flag) => `--cc-flag=${flag}`)];
}

/** What stands between `--symbols` and the file are addresses, each of which is a value of the option. */
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

/** A stream as the scanner and the commands write to it. */
function sink(stream: { writeSync(data: Uint8Array): number }): { write(text: string): void } {
  return {
    write: (text) => {
      for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
        rest = rest.subarray(stream.writeSync(rest));
      }
    },
  };
}
