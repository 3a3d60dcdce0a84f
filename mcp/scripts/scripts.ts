/**
 * Tools that are functions of a script, in Python or JavaScript: a runner of this room calls them.
 *
 * @module
 */
import JAVASCRIPT from "./runner.js" with { type: "text" };
import PYTHON from "./runner.py" with { type: "text" };

/** What runs a script. */
export interface Runner {
  /** Path of its file in the unikernel. */
  readonly path: string;
  readonly text: string;
  /** Path of the script in the unikernel. */
  readonly script: string;
  /** The words of its command line. */
  readonly words: readonly string[];
}

/** The text of each language's runner, by what the names of scripts end in. */
const RUNNERS: Readonly<Record<string, string>> = { ".py": PYTHON, ".js": JAVASCRIPT };

/** The runner for a script; undefined if a file is none. */
export function runnerFor(file: string): Runner | undefined {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const [ending = ""] = /\.[^.]+$/.exec(name) ?? [];
  const text = RUNNERS[ending];
  if (text === undefined) return undefined;
  const path = `/app/soloden_tool${ending}`;
  const module = name.slice(0, -ending.length);
  return { path, text, script: `/packages/${name}`, words: [path, module] };
}
