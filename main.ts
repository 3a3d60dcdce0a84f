#!/usr/bin/env -S deno run -A
/**
 * The command: a table of sub-commands, each loaded on use, and the syntax of their options.
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
  run,
  type StricliProcess,
  text_en,
  version,
} from "@stricli/core";
import project from "./deno.json" with { type: "json" };

const text = (value: string): string => value;

/** An option with a value that may be left out. */
const option = (brief: string) => ({ kind: "parsed", parse: text, optional: true, brief }) as const;

/** An option that may be given again and again. */
const options = (brief: string) =>
  ({ kind: "parsed", parse: text, optional: true, variadic: true, brief }) as const;

const file = (placeholder: string, brief: string) => ({ parse: text, placeholder, brief }) as const;

const guestOptions = {
  mem: option("Guest memory in MiB (512)"),
} as const;

const guestArguments = {
  kind: "array",
  minimum: 1,
  parameter: file("UNIKERNEL [ARGS…]", "Unikernel, then the arguments that it gets"),
} as const;

interface BuildFlags {
  readonly target?: ("hvt" | "spt")[];
  readonly manifest?: string;
  readonly output?: string;
  readonly "cc-flag"?: string[];
}

const build = buildCommand({
  loader: async () => {
    const { build } = await import("./bindings/command.ts");
    return async (flags: BuildFlags, ...sources: string[]) => {
      await build({ ...flags, sources, targets: flags.target, ccFlags: flags["cc-flag"] });
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
      parameter: file("SOURCE", "C, C++ or assembly source, object or archive"),
    },
  },
  docs: {
    brief: "Build unikernels from source",
    customUsage: ["[-t TARGET]… [--manifest FILE] [-o NAME] SOURCE… [-- CC-FLAGS…]"],
  },
});

const runGuest = buildCommand({
  loader: async () => (await import("./tender/command.ts")).runCommand,
  parameters: { flags: guestOptions, positional: guestArguments },
  docs: {
    brief: "Run a unikernel",
    customUsage: ["[--mem=MiB] [--] UNIKERNEL [ARGS…]"],
  },
});

const pack = buildCommand({
  loader: async () => (await import("./tender/command.ts")).packCommand,
  parameters: {
    flags: {
      ...guestOptions,
      output: { kind: "parsed", parse: text, brief: "The executable to write" },
    },
    aliases: { o: "output" },
    positional: guestArguments,
  },
  docs: {
    brief: "Make one Linux executable of a spt unikernel and its launch",
    customUsage: ["[--mem=MiB] -o FILE [--] UNIKERNEL [ARGS…]"],
  },
});

const compileManifest = buildCommand({
  loader: async () => {
    const { compileManifestFile } = await import("./elftool/command.ts");
    return (flags: { output: string }, input: string) => compileManifestFile(input, flags.output);
  },
  parameters: {
    flags: { output: { kind: "parsed", parse: text, brief: "What to write: FILE.o or FILE.c" } },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [file("MANIFEST", "manifest.json, or - for standard input")],
    },
  },
  docs: { brief: "Compile a manifest to an object file or C source" },
});

const inspect = buildCommand({
  loader: async () => {
    const { inspectFile } = await import("./elftool/command.ts");
    return function (this: CommandContext, flags: { json?: boolean }, path: string) {
      this.process.stdout.write(inspectFile(path, flags));
    };
  },
  parameters: {
    flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } },
    positional: { kind: "tuple", parameters: [file("FILE", "A unikernel or a packed executable")] },
  },
  docs: { brief: "Show a unikernel's ABI, manifest, segments and sizes" },
});

/** Names of the rooms' errors, which are written for people; anything else is a fault of ours. */
const OUR_ERRORS = new Set([
  "ElfError",
  "TenderError",
  "ToolchainError",
  "SystemError",
  "FileError",
]);

function errorLine(error: unknown): string {
  if (error instanceof Error && OUR_ERRORS.has(error.name)) return `soloden: ${error.message}`;
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  return `soloden: this is a fault in soloden, please report it: ${detail}`;
}

const errorText: Partial<ApplicationText> = {
  exceptionWhileParsingArguments: (error) => `soloden: ${(error as Error).message}`,
  exceptionWhileRunningCommand: errorLine,
  exceptionWhileLoadingCommandFunction: errorLine,
  commandErrorResult: errorLine,
  noCommandRegisteredForInput: (args) => `soloden: ${text_en.noCommandRegisteredForInput(args)}`,
};

const application = buildApplication(
  buildRouteMap({
    routes: {
      build,
      run: runGuest,
      pack,
      manifest: buildRouteMap({
        routes: { compile: compileManifest },
        docs: { brief: "Work with application manifests" },
      }),
      inspect,
    },
    docs: { brief: "Build, run and host Solo5 unikernels" },
  }),
  {
    name: "soloden",
    scanner: { allowArgumentEscapeSequence: true },
    localization: { text: { ...text_en, ...errorText } },
  },
  {
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
  },
);

/** Puts arguments into the form that the scanner reads. */
function normalise(args: readonly string[]): string[] {
  const [command, ...rest] = args;
  if (command === "build") return ["build", ...compilerFlags(rest)];
  if (command === "run" || command === "pack") return [command, ...guestFlags(rest)];
  return [...args];
}

/** What follows `--` are the compiler's flags. */
function compilerFlags(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  if (end < 0) return [...args];
  return [...args.slice(0, end), ...args.slice(end + 1).map((flag) => `--cc-flag=${flag}`)];
}

/**
 * What follows the unikernel is the guest's, and `--net:NAME=VALUE` is an option `net` with the value
 * `NAME=VALUE`.
 */
function guestFlags(rest: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i]!;
    if (arg === "--" || !arg.startsWith("-") || arg === "-") {
      return [...result, "--", ...rest.slice(arg === "--" ? i + 1 : i)];
    }
    const device = /^--([a-z-]+):(.*)$/.exec(arg);
    if (device) result.push(`--${device[1]}`, device[2]!);
    else result.push(arg);
    if (arg === "-o" || arg === "--output") result.push(...rest.slice(++i, i + 1));
  }
  return result;
}

/** What the scanner and the commands write to. */
function sink(stream: { writeSync(data: Uint8Array): number }): { write(text: string): void } {
  return {
    write: (text) => {
      for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
        rest = rest.subarray(stream.writeSync(rest));
      }
    },
  };
}

if (import.meta.main) {
  const process: StricliProcess = { stdout: sink(Deno.stdout), stderr: sink(Deno.stderr) };
  await run(application, normalise(Deno.args), { process });
  // A command that set a status of its own succeeded at what it does; to a shell, every mistake is a 1.
  if (process.exitCode !== 0) Deno.exitCode = 1;
}
