/**
 * The parser of `run` and `pack`. Options such as `--net:NAME=…` contain the name of a device, which
 * no general scanner of options understands. Values are read where they are needed.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import type { Device } from "../tender/devices/kinds.ts";
import { TenderError } from "../tender/error.ts";
import type { Asked } from "../tender/target.ts";
import { type Shape, SHAPES } from "./grammar.fixed.ts";

const MIB = 0x10_0000;

/** The parsed command line of `run` or `pack`. */
export interface GuestRequest {
  /** In bytes. */
  readonly memorySize: number;
  /** Options about devices, as they were given; {@linkcode devicesOf} reads them. */
  readonly devices: readonly string[];
  /** Options about scripts, as they were given; `languages/script.ts` reads them. */
  readonly script: readonly string[];
  /** Path of the unikernel, or of a script. */
  readonly file: string;
  /** The guest's arguments. */
  readonly args: readonly string[];
  /** Path of the output, for `pack`. */
  readonly output?: string;
  /** Options that ask for more than a run; `observe_words.ts`, `limit_words.ts` and `machine_words.ts` read them. */
  readonly asked: Asked;
  /** The target that is asked for, as it was given. */
  readonly target?: string;
  /** Whether to say which target it runs on. */
  readonly verbose: boolean;
  /** Whether the file is a suspended run. */
  readonly restore: boolean;
}

/** A command line, split where its options end. */
export interface SplitWords {
  /** Each is one word, with its value: `--mem 16` has become `--mem=16`, and `-o x` `-o=x`. */
  readonly options: readonly string[];
  /** The unikernel and the guest's arguments. */
  readonly rest: readonly string[];
}

/** Splits a command line; whether its options exist is not checked. */
export function splitOptions(words: readonly string[]): SplitWords {
  const options: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") return { options, rest: words.slice(at + 1) };
    // A dash alone is standard input.
    if (!word.startsWith("-") || word === "-") return { options, rest: words.slice(at) };
    const next = words[at + 1];
    // A word that begins like an option is no value. A file with such a name can be given after "=".
    const isJoined = next !== undefined && !next.startsWith("--") && lacksValue(word);
    options.push(isJoined ? `${word}=${next}` : word);
    if (isJoined) at++;
  }
  return { options, rest: [] };
}

/**
 * Reads the command line of `run` or `pack`: options, then the unikernel, then the guest's arguments.
 *
 * @returns undefined if an option belongs to neither command, or there is no unikernel
 * @throws {TenderError} "memory" if the size of memory is not a number of MiB
 */
export function parseArguments(words: readonly string[]): GuestRequest | undefined {
  const devices: string[] = [];
  const script: string[] = [];
  const asked: Record<keyof Asked, string[]> = {
    observe: [],
    limits: [],
    machine: [],
    confinement: [],
  };
  let memorySize = DEFAULT_MEMORY_MIB * MIB;
  let output: string | undefined;
  let target: string | undefined;
  let verbose = false;
  let restore = false;
  const { options, rest } = splitOptions(words);
  for (const option of options) {
    const found = lookUp(option);
    if (found === undefined || !isWellFormed(found)) return undefined;
    const { part } = found.shape;
    if (part === "memorySize") memorySize = parseMemory(found.value!);
    else if (part === "output") output = found.value;
    else if (part === "target") target = found.value;
    else if (part === "verbose") verbose = true;
    else if (part === "restore") restore = true;
    else if (part === "devices") devices.push(option);
    else if (part === "script") script.push(option);
    else asked[part].push(option);
  }
  const [file, ...args] = rest;
  if (file === undefined) return undefined;
  return { memorySize, devices, script, file, args, output, asked, target, verbose, restore };
}

/** Whether a request is about a script, by its file's name, and not about a unikernel. */
export function isScript({ file, script }: GuestRequest): boolean {
  return script.length > 0 || /\.(py|m?js)$/.test(file);
}

/** Whether nothing is asked for but to run a guest: then nobody has to stay while it runs. */
export function isPlain(asked: Asked): boolean {
  return Object.values(asked).every((options) => options.length === 0);
}

/**
 * Rewrites a command line for the general scanner of options, which serves help and mistakes: the
 * words after the unikernel follow `--`, and `--net:NAME=VALUE` becomes an option `net` with the value
 * `NAME=VALUE`.
 */
export function scannerWords(words: readonly string[]): string[] {
  const { options, rest } = splitOptions(words);
  const flags = options.flatMap((option) => {
    const [, name, value] = /^--([a-z-]+):(.*)$/s.exec(option) ?? [];
    return name === undefined ? option : [`--${name}`, value!];
  });
  return rest.length === 0 ? flags : [...flags, "--", ...rest];
}

/** An option of the grammar, as it was given. */
interface GivenOption {
  readonly shape: Shape;
  /** What separates the option from what follows it. */
  readonly mark?: string;
  /** What follows: a value, or `NAME=VALUE`. */
  readonly value?: string;
}

function lookUp(word: string): GivenOption | undefined {
  // Not a regular expression: to compile its first one takes the engine as long as a page of code.
  let end = 0;
  while (end < word.length && word[end] !== ":" && word[end] !== "=") end++;
  const shape = SHAPES[word.slice(0, end)];
  const value = end < word.length ? word.slice(end + 1) : undefined;
  return shape && { shape, mark: word[end], value };
}

/** Whether an option must have a value, and does not have it in its own word. */
function lacksValue(word: string): boolean {
  const { shape, mark, value } = lookUp(word) ?? {};
  if (shape?.value === "named") return mark === ":" && !value!.includes("=");
  return mark === undefined && (shape?.value === "plain" || shape?.value === "path");
}

function isWellFormed({ shape, mark, value }: GivenOption): boolean {
  // The reader of options about devices says what is wrong with one.
  if (shape.part === "devices") return true;
  switch (shape.value) {
    case "none":
      return mark === undefined;
    case "optional":
      return mark === undefined || mark === "=" && value !== "";
    case "plain":
      return mark === "=";
    case "path":
      return mark === "=" && value !== "";
    case "named":
      return mark === ":";
  }
}

/** The devices of a request, by the name that the manifest has for them. */
export async function devicesOf({ devices }: GuestRequest): Promise<Record<string, Device>> {
  if (devices.length === 0) return {};
  const { loadDeviceWords, readDevices } = await import("./device_words.ts");
  return readDevices(devices, await loadDeviceWords());
}

/**
 * Reads a size of memory.
 *
 * @param written a whole number of MiB
 * @returns the size in bytes
 * @throws {TenderError}
 */
function parseMemory(written: string): number {
  if (!/^[0-9]{1,9}$/.test(written) || Number(written) === 0) {
    throw new TenderError("memory", `--mem=${written}: expected a whole number of MiB, 1 or more`);
  }
  return Number(written) * MIB;
}
