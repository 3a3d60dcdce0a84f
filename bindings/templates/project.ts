/**
 * A new project: what `soloden new` writes, as names and texts. What all languages share is here;
 * each language has a file of its own.
 *
 * @module
 */
import { cProject } from "./c.ts";
import type { CompiledLanguage, Language, LanguagePart, Project } from "./language.ts";
import { manifestJsonSchema } from "./manifest_json_schema.ts";
import { rustProject } from "./rust.ts";
import { scriptProject } from "./script.ts";
import { zigProject } from "./zig.ts";

const PARTS: Readonly<Record<CompiledLanguage, (name: string) => LanguagePart>> = {
  c: cProject,
  rust: rustProject,
  zig: zigProject,
};

/** The languages that are compiled. */
export const COMPILED: readonly CompiledLanguage[] = Object.keys(PARTS) as CompiledLanguage[];

/**
 * Makes a project.
 *
 * @param name a letter, then letters, digits, `_` and `-`
 */
export function makeProject(name: string, language: Language): Project {
  if (language === "python" || language === "js") return scriptProject(name, language);
  const part = PARTS[language](name);
  const commands = [...part.build, `soloden run ${name}.spt`];
  const files = new Map(Object.entries({
    ...part.files,
    "manifest.json": MANIFEST,
    "manifest.schema.json": json(manifestJsonSchema()),
    ".vscode/settings.json": json(EDITOR_SETTINGS),
    "README.md": readme(name, { commands, note: part.note }),
    ".gitignore": lines(
      "*.hvt",
      "*.spt",
      "*.virtio",
      "*.solo5",
      "*.o",
      `/${name}`,
      ...part.ignored,
    ),
  }));
  return { files, commands };
}

const MANIFEST = `{
  "type": "solo5.manifest",
  "version": 1,
  "devices": []
}
`;

const EDITOR_SETTINGS = {
  "json.schemas": [{ fileMatch: ["/manifest.json"], url: "./manifest.schema.json" }],
};

function readme(
  name: string,
  { commands, note }: { commands: readonly string[]; note: string },
): string {
  return `# ${name}

A unikernel for [Solo5](https://github.com/Solo5/solo5).

Build it, and run it as a sandboxed process:

${commands.map((command) => `    ${command}`).join("\n")}

As a virtual machine on KVM, and as one executable that needs nothing else:

    soloden run ${name}.hvt
    soloden pack -o ${name} ${name}.spt

The words after the unikernel's name are its arguments. With \`--solo5:quiet\` as the first of them,
the banner is not printed.

${note}

It has the devices that \`manifest.json\` declares, for instance

    { "name": "storage", "type": "BLOCK_BASIC" }
    { "name": "service", "type": "NET_BASIC" }

and options of \`soloden run\` attach each of them: \`--block:storage=disk.img --net:service=tap0\`.
\`soloden doctor\` says what this machine can run.
`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function lines(...all: string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
