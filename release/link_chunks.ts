/**
 * Joins the chunks into which esbuild splits a program: they become a few texts, each evaluated when
 * something in it is imported. The engine takes 20 ms for each megabyte of code that it parses, used or
 * not, and as long for text in the code: what is long is a text of its own, which is only decoded.
 *
 * @module
 */
import { compiledAtOnce } from "./compiled_at_once.ts";

/** What is needed together. */
export interface Group {
  /** What is imported by their names. */
  readonly names: readonly string[];
  /** Those of them whose code mostly runs whenever the group is loaded; none if not given. */
  readonly runs?: readonly string[];
}

/** The input of {@linkcode linkChunks}. */
export interface Program {
  /** Modules as esbuild minifies them, by the names by which they import each other. */
  readonly chunks: ReadonlyMap<string, string>;
  /** The number of source files in each of them. Default: 1. */
  readonly sources?: ReadonlyMap<string, number>;
  /**
   * Chunks that are needed together. The first chunk of all is the one to run, and its group is there from
   * the start; each other group becomes a text, in this order, followed by its long bytes.
   */
  readonly groups: readonly Group[];
}

/** A parsed chunk. */
interface Chunk {
  readonly imports: readonly { readonly names: string; readonly from: string }[];
  readonly body: string;
  readonly exports: string;
  /** Whether it, or a chunk that it imports, uses top-level await. */
  readonly waits: boolean;
}

/** A chunk of a group. */
interface Member {
  readonly name: string;
  /** See {@linkcode Group}; what such a chunk imports is one, too. */
  readonly runs: boolean;
}

const IMPORT = /^import(?:\{([^}]*)\}from)?"\.\/([^"]+)";/;
const EXPORT = /export\{([^}]*)\};\s*$/;
const DYNAMIC_IMPORT = /\bimport\("\.\/([^"]+)"\)/g;

/** A linked program. */
export interface Linked {
  /** A function expression: takes a function from a number to its text, returns the entry's promise. */
  readonly start: string;
  /** The texts, code or base64; the first one is empty, since `start` holds what the entry needs. */
  readonly texts: readonly string[];
  /** The number of source files in each text, 0 for bytes; the first is that of `start`. */
  readonly sources: readonly number[];
}

/** Bytes that are a text of their own, as esbuild writes them: 3 KiB and more. */
const LONG_BYTES = /\bUint8Array\.fromBase64\("([A-Za-z0-9+/=]{4096,})"\)/g;

/** Loads chunks by number: each text once, each chunk when it is first asked for. */
const LOADER = "const made=[]," +
  "load=n=>made[n]??=(functions[n]??Object.assign(functions,(0,eval)(text(textOf[n])))[n])" +
  "(load,later,text),later=async n=>load(n);return later(0)";

/**
 * Links chunks. Their names do not appear in the result.
 *
 * @throws {SyntaxError} if a chunk has an import or export of a form that is not known here
 */
export function linkChunks({ chunks: texts, groups, sources }: Program): Linked {
  const chunks = new Map<string, Chunk>();
  const numbers = new Map<string, number>();
  const members: Member[][] = [];
  const place = (name: string, group: Member[], runs: boolean): void => {
    if (numbers.has(name)) return;
    numbers.set(name, numbers.size);
    group.push({ name, runs });
    for (const { from } of takeApart(texts, name, chunks).imports) place(from, group, runs);
  };
  const placeAll = ({ names, runs = [] }: Group): void => {
    const group: Member[] = [];
    for (const name of names) place(name, group, runs.includes(name));
    if (group.length > 0) members.push(group);
  };
  groups.forEach(placeAll);
  // The map grows during the iteration.
  for (const name of numbers.keys()) {
    for (const [, target] of chunks.get(name)!.body.matchAll(DYNAMIC_IMPORT)) {
      placeAll({ names: [target!] });
    }
  }
  const linked: string[] = [];
  const counts: number[] = [];
  const textOf: number[] = [];
  for (const group of members) {
    const long: string[] = [];
    const functions = group.map(({ name, runs }) => {
      const code = chunkFunction(chunks.get(name)!, { numbers, runs }).replace(
        LONG_BYTES,
        (_, bytes) => `Uint8Array.fromBase64(text(${linked.length + long.push(bytes)}))`,
      );
      return `${numbers.get(name)}:${code}`;
    });
    textOf.push(...group.map(() => linked.length));
    linked.push(`({${functions}})`, ...long);
    const count = group.reduce((sum, { name }) => sum + (sources?.get(name) ?? 1), 0);
    counts.push(count, ...long.map(() => 0));
  }
  const [first, ...others] = linked;
  const start = `(text=>{const functions=${first},textOf=${JSON.stringify(textOf)};${LOADER}})`;
  return { start, texts: ["", ...others], sources: counts };
}

/** Parses a chunk, after those that it imports. */
function takeApart(
  sources: ReadonlyMap<string, string>,
  name: string,
  chunks: Map<string, Chunk>,
): Chunk {
  const known = chunks.get(name);
  if (known !== undefined) return known;
  const imports: { names: string; from: string }[] = [];
  let body = sources.get(name)!;
  for (let found; (found = IMPORT.exec(body)) !== null; body = body.slice(found[0].length)) {
    imports.push({ names: pairs(found[1] ?? "", (from, to) => `${from}:${to}`), from: found[2]! });
  }
  const found = EXPORT.exec(body);
  if (found !== null) body = body.slice(0, found.index);
  const waits = needsAwait(body) ||
    imports.map(({ from }) => takeApart(sources, from, chunks).waits).includes(true);
  const chunk = {
    imports,
    body,
    exports: pairs(found?.[1] ?? "", (from, to) => `${to}:${from}`),
    waits,
  };
  chunks.set(name, chunk);
  return chunk;
}

/** A chunk as a function: takes the functions that load others by number, and texts; returns its exports. */
function chunkFunction(
  chunk: Chunk,
  { numbers, runs }: { numbers: ReadonlyMap<string, number>; runs: boolean },
): string {
  const { imports, body, exports, waits } = chunk;
  const wait = waits ? "await " : "";
  const head = imports.map(({ names, from }) =>
    `const{${names}}=${wait}load(${numbers.get(from)});`
  );
  const later = (runs ? compiledAtOnce(body) : body).replace(
    DYNAMIC_IMPORT,
    (_, name) => `later(${numbers.get(name)})`,
  );
  // A function in parentheses is compiled at once, instead of parsed twice.
  return `(${waits ? "async " : ""}function(load,later,text){"use strict";${
    head.join("")
  }${later}` +
    `return{${exports}}})`;
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;

/** Whether code has top-level await. Parsing fails if imports or exports are left. */
function needsAwait(body: string): boolean {
  try {
    new Function(body);
    return false;
  } catch {
    new AsyncFunction(body);
    return true;
  }
}

/** The items of an import or export list, `a as b,c`, each rewritten. */
function pairs(list: string, write: (from: string, to: string) => string): string {
  return list.split(",").filter((item) => item !== "").map((item) => {
    const [from, to = from] = item.split(" as ");
    return write(from!, to!);
  }).join(",");
}
