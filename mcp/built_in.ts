/**
 * The tools that are there without any configuration: programs in Python and JavaScript that the caller brings.
 *
 * @module
 */
import * as v from "valibot";
import { bindTo, type RootFile, type Unikernel } from "../mod.ts";
import { checkConfig, resolveTool, type Surroundings, type ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { STDIN_DEVICE, type ToolImage } from "./image.ts";
import type { JsonSchema } from "./schema.ts";

/** A language that programs can be written in. */
export type Language = "python" | "javascript";

/** The unikernel of a language. */
export interface OpenedLanguage {
  readonly unikernel: Unikernel;
  /** SHA-256 of the image that it was made of, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Makes the unikernel of a language, for whoever knows where the images are.
 *
 * @param options `memory`: in MiB
 */
export type OpenLanguage = (
  language: Language,
  options: { readonly memory: number },
) => Promise<OpenedLanguage>;

/** The name under which clients see both, and what models read. */
export const BUILT_IN: readonly { readonly language: Language; readonly description: string }[] = [
  {
    language: "python",
    description:
      "Runs a program in Python 3.11 in a sandbox of its own, with the standard library and " +
      "neither network nor files of this host. The result is what it prints.",
  },
  {
    language: "javascript",
    description:
      "Runs a module in JavaScript (QuickJS) in a sandbox of its own, with neither network nor " +
      "files of this host; readText() reads its standard input, readText(path) a file. The result is what " +
      "it prints.",
  },
];

/** Most bytes of all files that a program brings, itself among them. */
const MAX_FILES = 8 << 20;

/** What these tools take. */
export const PROGRAM_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    code: { type: "string", description: "The program" },
    stdin: { type: "string", description: "What it reads from its standard input" },
    files: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "Files that it finds in its working directory: contents by their relative paths",
    },
  },
  required: ["code"],
  additionalProperties: false,
};

const Program = v.strictObject({
  code: v.string(),
  stdin: v.optional(v.string(), ""),
  files: v.optional(v.record(v.string(), v.string()), {}),
});

/** A program to run. */
export interface ProgramCall {
  readonly files: readonly RootFile[];
  readonly stdin: string;
}

/** Path of the program. */
function mainPath(language: Language): string {
  return language === "python" ? "/main.py" : "/main.js";
}

/**
 * Reads the arguments of a call.
 *
 * @throws {McpError} "validation" naming what is wrong
 */
export function readProgram(language: Language, params: unknown): ProgramCall {
  const read = v.safeParse(Program, params);
  if (!read.success) throw new McpError("validation", `run_${language}: ${read.issues[0].message}`);
  const { code, stdin, files } = read.output;
  const main = mainPath(language);
  const given = Object.entries(files).map(([path, text]) => {
    const parts = path.split("/");
    if (path.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new McpError("validation", `run_${language}: '${path}' is no path of a file`);
    }
    if (`/${path}` !== main) return fileOf(`/${path}`, text);
    throw new McpError("validation", `run_${language}: ${path} is the name of the program`);
  });
  const all = [fileOf(main, code), ...given];
  const size = all.reduce((sum, { content }) => sum + content.length, 0);
  if (size <= MAX_FILES) return { files: all, stdin };
  throw new McpError("validation", `run_${language}: its files have more than ${MAX_FILES} bytes`);
}

function fileOf(path: string, text: string) {
  const content = new TextEncoder().encode(text);
  return { path, type: "file", mode: 0o644, mtime: 0, content } as const;
}

/** What the configuration comes to for one of these tools. */
export function builtInSpec(language: Language, surroundings: Surroundings): ToolSpec {
  const source = { mcp_servers: { run: { tools: { [language]: {} } } } };
  const config = checkConfig(source, { name: "built in" });
  return {
    ...resolveTool(config, { server: "run", tool: language }, surroundings),
    image: language,
  };
}

/** The image of a language, as one of tools. */
export async function builtInImage(
  language: Language,
  { unikernel: portable, sha256 }: OpenedLanguage,
): Promise<ToolImage> {
  const unikernel = await bindTo(portable, "spt");
  return {
    path: language,
    sha256,
    unikernel,
    files: [],
    target: "spt",
    adopted: true,
    warm: unikernel.snapshot !== undefined,
    input: "stdin",
    channel: STDIN_DEVICE,
    words: [mainPath(language)],
  };
}
