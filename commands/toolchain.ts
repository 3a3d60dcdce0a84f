/**
 * The sub-commands of the toolchain: `build`, the wrapped tools, `install` and `uninstall`.
 *
 * @module
 */
import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import type { Machine } from "../abi/elf.ts";
import { argument, flag, option, options, text } from "./options.ts";

interface BuildFlags {
  readonly target?: ("hvt" | "spt")[];
  readonly machine?: Machine;
  readonly manifest?: string;
  readonly output?: string;
  readonly "cc-flag"?: string[];
}

/** `build`. */
export const build = buildCommand({
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
      machine: {
        kind: "enum",
        values: ["x86_64", "aarch64"],
        optional: true,
        brief: "Machine to build for (x86_64); aarch64 needs a cross compiler",
      },
      manifest: option(
        "--manifest FILE: Manifest (manifest.json beside the first source, else no devices)",
      ),
      output: option(
        "--output NAME: Name of the output, to which .hvt and .spt are added where it has none (the first source's)",
      ),
      "cc-flag": options("--cc-flag=FLAG: Flag for the compiler; what follows -- is one, too"),
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
    customUsage: [
      "[-t TARGET]… [--machine MACHINE] [--manifest FILE] [-o NAME] SOURCE… [-- CC-FLAGS…]",
    ],
  },
});

/** A tool of this machine; main.ts runs it, and reads nothing of its words. */
export function wrapper(brief: string): Command<CommandContext> {
  return buildCommand({
    loader: () => Promise.resolve((_: Record<never, never>, ..._words: string[]) => {}),
    parameters: {
      flags: {},
      positional: { kind: "array", parameter: argument("ARGS", "Its own") },
    },
    docs: { brief, customUsage: ["ARGS…"] },
  });
}

const prefixOption = {
  kind: "parsed",
  parse: text,
  brief: "--prefix DIRECTORY: Where bin/, include/ and lib/ are",
} as const;

interface InstallFlags {
  readonly prefix: string;
  readonly program?: string;
  readonly force?: boolean;
}

/** `install`. */
export const install = buildCommand({
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
        "--program FILE: What the programs lead to: an executable, or a script for this runtime (this)",
      ),
      force: flag("Replace files that are not ours"),
    },
  },
  docs: {
    brief: "Install the programs and the toolchain under the names that Solo5 has for them",
    customUsage: ["--prefix DIRECTORY [--program FILE] [--force]"],
  },
});

/** `uninstall`. */
export const uninstall = buildCommand({
  loader: async () => {
    const { uninstallCommand } = await import("../bindings/command.ts");
    return async function (this: CommandContext, flags: { prefix: string }) {
      this.process.stdout.write(await uninstallCommand(flags));
    };
  },
  parameters: { flags: { prefix: prefixOption } },
  docs: { brief: "Take away what install wrote", customUsage: ["--prefix DIRECTORY"] },
});
