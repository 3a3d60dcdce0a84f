/**
 * The sub-commands with which people begin: `new`, `doctor`, `completions`.
 *
 * @module
 */
import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import type { Language } from "../bindings/templates/language.ts";
import { argument, flag } from "./options.ts";
import type { Shell } from "./completions.ts";
import type { Routes } from "./table.ts";

interface NewFlags {
  readonly lang?: Language;
  readonly tool?: boolean;
}

/** `soloden new` */
export const newCommand = buildCommand({
  loader: async () => {
    const { newProject } = await import("../bindings/new_project.ts");
    return function (this: CommandContext, { lang, tool }: NewFlags, path: string) {
      this.process.stdout.write(newProject(path, { language: lang, tool }));
    };
  },
  parameters: {
    flags: {
      lang: {
        kind: "enum",
        values: ["c", "python", "js", "rust", "zig"],
        optional: true,
        brief: "Language of the source (default c)",
      },
      tool: flag("Start a project of tools for clients of MCP, in c, python, js or rust"),
    },
    positional: {
      kind: "tuple",
      parameters: [argument("NAME", "Name of the project, and of the directory for it")],
    },
  },
  docs: {
    brief: "Start a project that builds and runs",
    customUsage: ["[--tool] [--lang=c|python|js|rust|zig] NAME"],
  },
});

/** `soloden doctor` */
export const doctor = buildCommand({
  loader: async () => {
    const { examine, findingsJson, formatFindings, isWell } = await import("./doctor.ts");
    const { withProgress } = await import("./progress.ts");
    return async function (this: CommandContext, { json }: { json?: boolean }) {
      const findings = await withProgress((report) => {
        report({ what: "this host" });
        return examine();
      });
      this.process.stdout.write(json ? findingsJson(findings) : formatFindings(findings));
      if (!isWell(findings)) Deno.exitCode = 1;
    };
  },
  parameters: { flags: { json: flag("Print JSON") } },
  docs: {
    brief: "Check what this host can build and run, and say how to fix the rest",
    customUsage: ["[--json]"],
  },
});

/** `soloden completions` */
export const completions = buildCommand({
  loader: async () => {
    const { completionScript } = await import("./completions.ts");
    return function (
      this: CommandContext,
      _: Record<never, never>,
      shell: "bash" | "zsh" | "fish",
    ) {
      this.process.stdout.write(completionScript(shell));
    };
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        parse: parseShell,
        placeholder: "SHELL",
        brief: "bash, zsh or fish",
      }],
    },
  },
  docs: {
    brief: "Print a completion script for a shell",
    customUsage: ["bash|zsh|fish"],
  },
});

function parseShell(word: string): Shell {
  if (word === "bash" || word === "zsh" || word === "fish") return word;
  throw new SyntaxError(`no completions for ${word}, only for bash, zsh and fish`);
}

/**
 * `soloden complete`, which completion scripts call.
 *
 * @param routes returns the table of sub-commands, which includes this one
 */
export function completeCommand(routes: () => Routes): Command<CommandContext> {
  return buildCommand({
    loader: async () => {
      const { answer } = await import("./completions.ts");
      return function (this: CommandContext, _: Record<never, never>, ...words: string[]) {
        this.process.stdout.write(answer(routes(), words));
      };
    },
    parameters: {
      flags: {},
      positional: { kind: "array", parameter: argument("WORD", "As the scripts pass them") },
    },
    docs: { brief: "Propose words to a completion script" },
  });
}
