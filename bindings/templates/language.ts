/**
 * The languages that a new project can be written in, what each adds to it, and what a project is.
 *
 * @module
 */

/** A language that is compiled to a unikernel. */
export type CompiledLanguage = "c" | "rust" | "zig";

/** A language whose image runs scripts. */
export type ScriptedLanguage = "python" | "js";

/** A language that a project can be written in. */
export type Language = CompiledLanguage | ScriptedLanguage;

/** What a compiled language adds to a project. */
export interface LanguagePart {
  /** Its files, by their paths in the project. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands that build `NAME.hvt` and `NAME.spt`. */
  readonly build: readonly string[];
  /** Files that its own tools write, for `.gitignore`. */
  readonly ignored: readonly string[];
  /** More text for the README: Markdown. */
  readonly note: string;
}

/** A project before it is written. */
export interface Project {
  /** Contents by paths in the project's directory. */
  readonly files: ReadonlyMap<string, string>;
  /** Commands that build it and run it, there. */
  readonly commands: readonly string[];
}
