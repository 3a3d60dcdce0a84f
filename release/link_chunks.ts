/**
 * Puts the chunks that esbuild splits a program into back together as a few texts, which are
 * evaluated when something in them is imported: looking over code that is not used costs the engine
 * 20 ms a megabyte, and to evaluate each chunk by itself a quarter of a millisecond.
 *
 * @module
 */

/** What is to be linked. */
export interface Program {
  /** Modules as esbuild minifies them, by the names by which they import each other. */
  readonly chunks: ReadonlyMap<string, string>;
  /** How many source files each of them is of; 1 where nothing is said. */
  readonly sources?: ReadonlyMap<string, number>;
  /**
   * Names of some that are needed together. The very first is the one to run, and its group is there
   * from the start; the others become a text each, in this order.
   */
  readonly groups: readonly (readonly string[])[];
}

/** A chunk, taken apart. */
interface Chunk {
  readonly imports: readonly { readonly names: string; readonly from: string }[];
  readonly body: string;
  readonly exports: string;
  /** Whether it, or one that it imports, is not done when it returns. */
  readonly waits: boolean;
}

const IMPORT = /^import(?:\{([^}]*)\}from)?"\.\/([^"]+)";/;
const EXPORT = /export\{([^}]*)\};\s*$/;
const DYNAMIC_IMPORT = /\bimport\("\.\/([^"]+)"\)/g;

/** A program that is linked. */
export interface Linked {
  /** A function expression, of what gives a text by its number, to the promise of the entry. */
  readonly start: string;
  /** The texts; the first one is empty, since `start` holds what the entry needs. */
  readonly texts: readonly string[];
  /** How many source files each text is of, the first being `start`. */
  readonly sources: readonly number[];
}

/** Loads chunks by number: each text once, each chunk when it is first asked for. */
const LOADER = "const made=[]," +
  "load=n=>made[n]??=(functions[n]??Object.assign(functions,(0,eval)(text(textOf[n])))[n])" +
  "(load,later),later=async n=>load(n);return later(0)";

/**
 * Links chunks. What they are called leaves no trace.
 *
 * @throws {SyntaxError} if a chunk imports or exports in a way that is not foreseen here
 */
export function linkChunks({ chunks: texts, groups, sources }: Program): Linked {
  const chunks = new Map<string, Chunk>();
  const numbers = new Map<string, number>();
  const members: string[][] = [];
  const place = (name: string, group: string[]): void => {
    if (numbers.has(name)) return;
    numbers.set(name, numbers.size);
    group.push(name);
    for (const { from } of takeApart(texts, name, chunks).imports) place(from, group);
  };
  const placeAll = (names: readonly string[]): void => {
    const group: string[] = [];
    for (const name of names) place(name, group);
    if (group.length > 0) members.push(group);
  };
  groups.forEach(placeAll);
  // The map grows while it is gone through.
  for (const name of numbers.keys()) {
    for (const [, target] of chunks.get(name)!.body.matchAll(DYNAMIC_IMPORT)) placeAll([target!]);
  }
  const [first, ...others] = members.map((names) => {
    const functions = names.map((name) => chunkFunction(chunks.get(name)!, numbers));
    return `{${functions.map((text, index) => `${numbers.get(names[index]!)}:${text}`)}}`;
  });
  const textOf = JSON.stringify(members.flatMap((names, index) => names.map(() => index)));
  const start = `(text=>{const functions=${first},textOf=${textOf};${LOADER}})`;
  return {
    start,
    texts: ["", ...others.map((functions) => `(${functions})`)],
    sources: members.map((names) =>
      names.reduce((sum, name) => sum + (sources?.get(name) ?? 1), 0)
    ),
  };
}

/** Takes a chunk apart, and those that it imports before it. */
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

/** A chunk as a function, of what loads others by their numbers, to what it exports. */
function chunkFunction(chunk: Chunk, numbers: ReadonlyMap<string, number>): string {
  const { imports, body, exports, waits } = chunk;
  const wait = waits ? "await " : "";
  const head = imports.map(({ names, from }) =>
    `const{${names}}=${wait}load(${numbers.get(from)});`
  );
  const later = body.replace(DYNAMIC_IMPORT, (_, name) => `later(${numbers.get(name)})`);
  // In parentheses, a function is compiled while it is parsed, not parsed again for that.
  return `(${waits ? "async " : ""}function(load,later){"use strict";${head.join("")}${later}` +
    `return{${exports}}})`;
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;

/** Whether code waits at its top level. Parses it, which finds imports and exports that are left. */
function needsAwait(body: string): boolean {
  try {
    new Function(body);
    return false;
  } catch {
    new AsyncFunction(body);
    return true;
  }
}

/** The items of an import or export list, `a as b,c`, each written anew. */
function pairs(list: string, write: (from: string, to: string) => string): string {
  return list.split(",").filter((item) => item !== "").map((item) => {
    const [from, to = from] = item.split(" as ");
    return write(from!, to!);
  }).join(",");
}
