/**
 * The options of a tender as people write them. `--net:NAME=…` and its like name the device that they
 * are about, which no general scanner of options reads, so they are told apart here; what they mean is
 * read where it is needed.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import type { Device } from "../tender/devices/device.ts";
import { TenderError } from "../tender/error.ts";

const MIB = 0x10_0000;

/** A command line of a tender, read. */
export interface GuestRequest {
  /** In bytes. */
  readonly memorySize: number;
  /** Options about devices, as they were given; {@linkcode devicesOf} reads them. */
  readonly devices: readonly string[];
  /** Path of the unikernel. */
  readonly file: string;
  /** What the guest gets as its arguments. */
  readonly args: readonly string[];
  /** Path of the output, for `pack`. */
  readonly output?: string;
  /** Options that ask to see something of the run, as they were given; read where that is done. */
  readonly observe: readonly string[];
  /** Options about how the guest is held in, likewise. */
  readonly hold: readonly string[];
}

/** Options of {@linkcode GuestRequest.observe}. */
const OBSERVE = /^--(trace|trace-format=.*|trace=.+|stats|net-pcap:.*|gdb|gdb=.+|dumpcore=.+)$/s;

/** Options of {@linkcode GuestRequest.hold}. */
const HOLD = /^--(no-confine|(timeout|cpu-time|console-rate)=.*)$/s;

/** How an option of {@linkcode GuestRequest.devices} begins, whatever follows. */
const DEVICE = /^--(net|net-mac|block|block-sector-size)([:=]|$)/;

/** An option that must have a value, and does not have it in its own word. */
const VALUELESS =
  /^(-o|--(output|mem|timeout|cpu-time|console-rate|trace-format|dumpcore|(net|net-mac|net-pcap|block|block-sector-size):[^=]*))$/s;

/** A command line of a tender, split where its options end. */
export interface SplitWords {
  /** Each is one word, with its value: `--mem 16` has become `--mem=16`, and `-o x` `-o=x`. */
  readonly options: readonly string[];
  /** The unikernel and the guest's arguments. */
  readonly rest: readonly string[];
}

/** Splits a command line of a tender; that an option does not exist shows only later. */
export function splitOptions(words: readonly string[]): SplitWords {
  const options: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") return { options, rest: words.slice(at + 1) };
    // A dash alone is standard input.
    if (!word.startsWith("-") || word === "-") return { options, rest: words.slice(at) };
    const next = words[at + 1];
    // What looks like an option is one, and no value; a file of such a name can be given after "=".
    const isJoined = VALUELESS.test(word) && next !== undefined && !next.startsWith("--");
    options.push(isJoined ? `${word}=${next}` : word);
    if (isJoined) at++;
  }
  return { options, rest: [] };
}

/**
 * Reads the command line of a tender: options, then the unikernel, then the guest's arguments.
 *
 * @returns undefined if there is an option that is not a tender's, or no unikernel
 * @throws {TenderError} if an option's value is none
 */
export function parseArguments(words: readonly string[]): GuestRequest | undefined {
  const devices: string[] = [];
  let memorySize = DEFAULT_MEMORY_MIB * MIB;
  const observe: string[] = [];
  const hold: string[] = [];
  let output: string | undefined;
  const { options, rest } = splitOptions(words);
  for (const option of options) {
    if (DEVICE.test(option)) devices.push(option);
    else if (option.startsWith("--mem=")) memorySize = parseMemory(valueOf(option));
    else if (/^(-o|--output)=./s.test(option)) output = valueOf(option);
    else if (OBSERVE.test(option)) observe.push(option);
    else if (HOLD.test(option)) hold.push(option);
    else return undefined;
  }
  const [file, ...args] = rest;
  if (file === undefined) return undefined;
  return { memorySize, devices, file, args, output, observe, hold };
}

function valueOf(option: string): string {
  return option.slice(option.indexOf("=") + 1);
}

/** The devices of a request, by the name that the manifest has for them. */
export async function devicesOf({ devices }: GuestRequest): Promise<ReadonlyMap<string, Device>> {
  if (devices.length === 0) return new Map();
  const { readDevices } = await import("./device_words.ts");
  return readDevices(devices);
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
