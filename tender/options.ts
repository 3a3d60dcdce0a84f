/**
 * The options of a tender as people write them. `--net:NAME=…` and its like name the device that they
 * are about, which no general scanner of options reads, so they are told apart here; what they mean is
 * read where it is needed.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import type { Device } from "./devices/device.ts";
import { TenderError } from "./error.ts";

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
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      at++;
      break;
    }
    if (!word.startsWith("-")) break;
    if (DEVICE.test(word)) {
      devices.push(word);
    } else if (word.startsWith("--mem=")) {
      memorySize = parseMemory(word.slice("--mem=".length));
    } else if (word === "-o" && at + 1 < words.length) {
      output = words[++at];
    } else if (word.startsWith("--output=")) {
      output = word.slice("--output=".length);
    } else if (OBSERVE.test(word)) {
      observe.push(word);
    } else if (HOLD.test(word)) {
      hold.push(word);
    } else {
      return undefined;
    }
  }
  const [file, ...args] = words.slice(at);
  if (file === undefined) return undefined;
  return { memorySize, devices, file, args, output, observe, hold };
}

/** The devices of a request, by the name that the manifest has for them. */
export async function devicesOf({ devices }: GuestRequest): Promise<ReadonlyMap<string, Device>> {
  if (devices.length === 0) return new Map();
  const { readDevices } = await import("./device_options.ts");
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
