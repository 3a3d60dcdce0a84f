/**
 * The sub-commands of the toolchain: `build`, the wrapped tools, `install` and `uninstall`.
 *
 * @module
 */
import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import type { Architecture } from "../abi/elf.ts";
import type { BuildTarget, ImageTarget } from "../bindings/targets.ts";
import { argument, flag, option, options, required } from "./options.ts";
import { BUILT, LINKED } from "./targets.fixed.ts";

interface BuildFlags {
  readonly target?: BuildTarget[];
  readonly machine?: Architecture;
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
      const { manifest, output } = flags;
      const { target: targets, machine: architecture, "cc-flag": ccFlags } = flags;
      const rules = { targets, architecture, manifest, ccFlags };
      await withProgress((progress) => build({ ...rules, sources, output, progress }));
    };
  },
  parameters: {
    flags: {
      target: {
        kind: "enum",
        values: BUILT,
        optional: true,
        variadic: true,
        brief: "Target to build for (default: hvt and spt); any makes a portable unikernel, .solo5",
      },
      machine: {
        kind: "enum",
        values: ["x86_64", "aarch64"],
        optional: true,
        brief: "Architecture to build for (default x86_64); aarch64 needs a cross compiler",
      },
      manifest: option(
        "--manifest FILE: The manifest (default: manifest.json beside the first source; without one, no devices)",
        { proposed: /\.json$/ },
      ),
      output: option(
        "--output NAME: Name of the unikernels; what a target's end in (.hvt, .solo5 for any) is added where it is missing (default: the first source's name)",
      ),
      "cc-flag": options(
        "--cc-flag=FLAG: A flag for the compiler; the words after -- are flags as well",
      ),
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
      "[-t TARGET]... [--machine ARCHITECTURE] [--manifest FILE] [-o NAME] SOURCE... [-- CC-FLAGS...]",
    ],
  },
});

interface LinkFlags {
  readonly target: ImageTarget;
  readonly output: string;
}

/** `link`. */
export const link = buildCommand({
  loader: async () => {
    const { linkFile } = await import("./unikernels.ts");
    return (flags: LinkFlags, file: string) => linkFile(file, flags);
  },
  parameters: {
    flags: {
      target: {
        kind: "enum",
        values: LINKED,
        brief: "Target to make a unikernel for",
      },
      output: required("--output FILE: The unikernel to write"),
    },
    aliases: { t: "target", o: "output" },
    positional: {
      kind: "tuple",
      parameters: [argument("FILE", "A portable unikernel, as build -t any makes it")],
    },
  },
  docs: {
    brief: "Make a portable unikernel one of a target",
    customUsage: [`-t ${LINKED.join("|")} -o FILE FILE.solo5`],
  },
});

interface AdoptFlags {
  readonly target?: ImageTarget;
  readonly root?: string;
  readonly env?: string[];
  readonly manifest?: string;
  readonly strace?: boolean;
  readonly strip?: boolean;
  readonly output: string;
}

/** `adopt`. */
export const adopt = buildCommand({
  loader: async () => {
    const { adoptFile } = await import("./adopt.ts");
    return (flags: AdoptFlags, program: string) => adoptFile(program, flags);
  },
  parameters: {
    flags: {
      target: {
        kind: "enum",
        values: LINKED,
        optional: true,
        brief: "Target to make a unikernel for (default: any of them)",
      },
      root: option(
        "--root DIRECTORY|FILE.tar: The program's files, which it may change in memory (default: none)",
      ),
      env: options("--env NAME=VALUE: A variable of its environment"),
      manifest: option(
        "--manifest FILE: The manifest; a block device is /dev/NAME (default: no devices)",
        { proposed: /\.json$/ },
      ),
      strace: flag("Make one that prints every system call to its console"),
      strip: flag("Leave out the program's symbols and its debugging information"),
      output: required("--output FILE: The unikernel to write"),
    },
    aliases: { t: "target", o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        argument("PROGRAM", "A static Linux program for x86_64, as gcc -static makes it"),
      ],
    },
  },
  docs: {
    brief: "Make a unikernel of a static Linux program",
    customUsage: [
      "[-t TARGET] [--root DIRECTORY|FILE.tar] [--env NAME=VALUE]... [--manifest FILE] [--strace] [--strip] -o FILE PROGRAM",
    ],
  },
});

/** Declares a wrapped tool for help only. `main.ts` runs the tool with its words unchanged. */
export function wrapper(brief: string): Command<CommandContext> {
  return buildCommand({
    loader: () => Promise.resolve((_: Record<never, never>, ..._words: string[]) => {}),
    parameters: {
      flags: {},
      positional: { kind: "array", parameter: argument("ARGS", "Arguments of the tool") },
    },
    docs: { brief, customUsage: ["ARGS..."] },
  });
}

const prefixOption = required(
  "--prefix DIRECTORY: The directory of bin/, include/ and lib/",
  { proposed: "directory" },
);

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
        "--program FILE: What the installed programs run: an executable or a script (default: this program)",
      ),
      force: flag("Overwrite files that soloden did not install"),
    },
  },
  docs: {
    brief: "Install the programs and the toolchain under Solo5's names",
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
  docs: { brief: "Remove what install wrote", customUsage: ["--prefix DIRECTORY"] },
});
