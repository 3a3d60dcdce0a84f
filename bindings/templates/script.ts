/**
 * A new project in a language whose image runs scripts: the script, and how it is run.
 *
 * @module
 */
import type { Project, ScriptedLanguage } from "./language.ts";

/** What a language's script is like. */
interface ScriptPart {
  readonly ending: string;
  readonly source: string;
  /** More text for the README: Markdown. */
  readonly note: string;
}

const PARTS: Readonly<Record<ScriptedLanguage, ScriptPart>> = {
  python: {
    ending: ".py",
    source: `"""Greets whoever the arguments name."""

import sys


def greeting(names):
    return f"Hello, {' and '.join(names) or 'world'}!"


if __name__ == "__main__":
    print(greeting(sys.argv[1:]))
`,
    note:
      "Most of Python's standard library is there. `--packages=DIR` adds packages in pure Python, as " +
      "`pip install --target DIR` gets them.",
  },
  js: {
    ending: ".js",
    source: `// Greets whoever the arguments name.

function greeting(names) {
  return \`Hello, \${names.join(" and ") || "world"}!\`;
}

console.log(greeting(process.argv.slice(2)));
`,
    note:
      "The script is a module: `import` and `await` work at its top. `--packages=DIR` adds modules " +
      "that it can import by their names.",
  },
};

/** Makes a project of one script. */
export function scriptProject(name: string, language: ScriptedLanguage): Project {
  const { ending, source, note } = PARTS[language];
  const script = `${name}${ending}`;
  return {
    files: new Map([
      [script, source],
      ["README.md", readme(name, { script, note })],
      [".gitignore", `/${name}\n`],
    ]),
    commands: [`soloden run ${script}`],
  };
}

function readme(name: string, { script, note }: { script: string; note: string }): string {
  return `# ${name}

A script that runs in a unikernel of its own: it sees no file and no network of its host.

    soloden run ${script}

Words behind \`--\` are its arguments: \`soloden run ${script} -- you\`. As one executable that needs nothing else:

    soloden pack -o ${name} ${script}

${note}

\`soloden run --help\` lists limits of time and memory.
`;
}
