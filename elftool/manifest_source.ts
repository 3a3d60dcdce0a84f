/**
 * Compiles `manifest.json` to a manifest; errors name the line and the column.
 *
 * @module
 */
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "npm:jsonc-parser@^3.3.1";
import * as v from "npm:valibot@^1.5.0";
import type { Manifest } from "../abi/manifest.ts";
import { ManifestSchema } from "../abi/manifest_schema.ts";
import { ElfError } from "./error.ts";

/** A mistake and its offset in the source. */
interface Problem {
  readonly offset: number;
  readonly rule: string;
}

type Path = readonly (string | number)[];

/**
 * Compiles the source of a manifest.
 *
 * ```ts
 * import { compileManifest } from "./manifest_source.ts";
 * const source = `{ "type": "solo5.manifest", "version": 1, "devices": [] }`;
 * if (compileManifest(source, { name: "manifest.json" }).devices.length !== 0) throw new Error();
 * ```
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} "manifest-source": the first mistake, as `NAME:LINE:COLUMN: PATH: RULE`
 */
export function compileManifest(source: string, options: { name: string }): Manifest {
  const tree = parse(source, options.name);
  const duplicate = findDuplicateKey(tree, []);
  if (duplicate !== undefined) throw problemError(source, options.name, duplicate);
  const result = v.safeParse(ManifestSchema, getNodeValue(tree));
  if (result.success) return { devices: result.output.devices };
  const first = result.issues
    .map((issue) => locate(tree, issue))
    .reduce((a, b) => (b.offset < a.offset ? b : a));
  throw problemError(source, options.name, first);
}

/** Parses strict JSON into a tree that knows its offsets. */
function parse(source: string, name: string): Node {
  const errors: ParseError[] = [];
  let tree: Node | undefined;
  try {
    tree = parseTree(source, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    // The parser recurses, and a few kilobytes of brackets are enough to use up the stack.
    if (!(error instanceof RangeError)) throw error;
    throw new ElfError("manifest-source", `${name}: nested too deeply`);
  }
  const [first] = errors;
  if (first !== undefined) {
    const { offset } = first;
    throw problemError(source, name, { offset, rule: `not JSON: ${words(first)}` });
  }
  if (tree === undefined) throw new ElfError("manifest-source", `${name}: not JSON: no value`);
  return tree;
}

/** "CommaExpected" → "comma expected". */
function words({ error }: ParseError): string {
  return printParseErrorCode(error).replaceAll(/\B[A-Z]/g, " $&").toLowerCase();
}

/** The first key that an object has twice; JSON parsers disagree on which of the two they keep. */
function findDuplicateKey(node: Node, path: Path): Problem | undefined {
  const seen = new Set<string>();
  for (const [index, child] of (node.children ?? []).entries()) {
    const [key, value] = node.type === "object" ? child.children ?? [] : [undefined, child];
    if (value === undefined) continue;
    const here = [...path, key === undefined ? index : String(key.value)];
    if (key !== undefined) {
      if (seen.has(key.value)) {
        return { offset: key.offset, rule: `${format(here)}: duplicate key` };
      }
      seen.add(key.value);
    }
    const found = findDuplicateKey(value, here);
    if (found !== undefined) return found;
  }
  return undefined;
}

type ManifestIssue = v.InferIssue<typeof ManifestSchema>;

/** Finds the place in the source that an issue of the schema is about. */
function locate(tree: Node, issue: ManifestIssue): Problem {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  const node = findNodeAtLocation(tree, path);
  if (node === undefined) {
    // A missing key: point to the object that lacks it. The schema takes arrays for objects, too.
    const owner = path.slice(0, -1);
    const parent = findNodeAtLocation(tree, owner) ?? tree;
    return parent.type === "object"
      ? { offset: parent.offset, rule: `${format(path)}: ${issue.message}` }
      : { offset: parent.offset, rule: `${format(owner)}: must be an object` };
  }
  const place = issue.type === "max_length" ? `${format(path)}[]` : format(path);
  const keyed = issue.message === "unknown key" ? node.parent : node;
  return { offset: (keyed ?? node).offset, rule: `${place}: ${issue.message}` };
}

/** A path as jq writes it: `.devices[1].name`. */
function format(path: Path): string {
  if (path.length === 0) return ".";
  return path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^\w+$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
  }).join("");
}

function problemError(source: string, name: string, { offset, rule }: Problem): ElfError {
  const before = source.slice(0, offset).split(/\r\n|\n|\r/);
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new ElfError("manifest-source", `${name}:${before.length}:${column}: ${rule}`);
}
