/**
 * A new project of tools: a program whose functions clients of the Model Context Protocol call, each call in
 * a unikernel of its own.
 *
 * @module
 */
import { editorFiles } from "./c.ts";
import SOURCE from "./c/tool.c" with { type: "text" };
import type { Language, LanguagePart, Project } from "./language.ts";
import { rustTool } from "./rust.ts";

/** The languages that tools can be written in. */
export const TOOL_LANGUAGES: readonly Language[] = ["c", "python", "js", "rust"];

const PYTHON = `"""Tools: each public function with type hints and a docstring is one."""


def greet(name: str, times: int = 1) -> str:
    """Greets somebody."""
    return " ".join([f"Hello, {name}!"] * times)
`;

const JAVASCRIPT = `// Tools: each exported function with such a comment is one.

/**
 * Greets somebody.
 * @param {string} name - who
 * @param {number} [times] - how often
 */
export function greet(name, times = 1) {
  return Array(times).fill(\`Hello, \${name}!\`).join(" ");
}
`;

/** The one device of a tool that is built: what it is called by. */
const MANIFEST = `{
  "type": "solo5.manifest",
  "version": 1,
  "devices": [
    { "name": "call", "type": "NET_BASIC" }
  ]
}
`;

/**
 * Makes a project of tools.
 *
 * @param language one of {@linkcode TOOL_LANGUAGES}
 */
export function toolProject(name: string, language: Language): Project {
  const { files, build } = sourcesOf(name, language);
  const commands = [
    ...build,
    "soloden mcp add .",
    `soloden mcp call ${name} greet '{"name":"you"}'`,
  ];
  return {
    files: new Map(Object.entries({ ...files, "README.md": readme(name, commands) })),
    commands,
  };
}

function sourcesOf(name: string, language: Language): Pick<LanguagePart, "files" | "build"> {
  switch (language) {
    case "python":
      return { files: { [`${name}.py`]: PYTHON }, build: [] };
    case "js":
      return { files: { [`${name}.js`]: JAVASCRIPT }, build: [] };
    case "rust": {
      const { files, build } = rustTool(name);
      const own = { "manifest.json": MANIFEST, ".gitignore": "*.solo5\n/target/\n" };
      return { files: { ...files, ...own }, build };
    }
    default:
      return {
        files: {
          [`${name}.c`]: SOURCE.replaceAll("NAME", name),
          "manifest.json": MANIFEST,
          ".gitignore": "*.solo5\n*.o\n",
          ...editorFiles("soloden.h", "soloden_call.h", "soloden_channel.h"),
        },
        build: [`soloden build -t any ${name}.c`],
      };
  }
}

function readme(name: string, commands: readonly string[]): string {
  return `# ${name}

Tools that run in unikernels: each call has a fresh one, with nothing but its arguments.

${commands.map((command) => `    ${command}\n`).join("")}
\`soloden mcp install CLIENT\` has a client of the Model Context Protocol start \`soloden mcp serve\`, which offers
them. Limits, mounts and requests that a tool may make are set in the configuration: \`soloden mcp schema\`.
`;
}
