/**
 * The options of a tender as people write them, as values. `--net:NAME=…` and its like name the
 * device that they are about, which no general scanner of options reads, so they are read here.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import { type Access, block } from "./devices/block.ts";
import type { Device } from "./devices/device.ts";
import { net } from "./devices/net.ts";
import { TenderError } from "./error.ts";

const MIB = 0x10_0000;

/** A command line of a tender, read. */
export interface GuestRequest {
  /** In bytes. */
  readonly memorySize: number;
  /** Devices by the name that the manifest has for them. */
  readonly devices: ReadonlyMap<string, Device>;
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

/** How an option about a device begins, whatever follows. */
const DEVICE_OPTION = /^--(net|net-mac|block|block-sector-size)([:=]|$)/;

/** What an option says of a device, before all of its options are known. */
interface DeviceOptions {
  net?: string;
  "net-mac"?: string;
  block?: string;
  "block-sector-size"?: string;
}

/**
 * Reads the command line of a tender: options, then the unikernel, then the guest's arguments.
 *
 * @returns undefined if there is an option that is not a tender's, or no unikernel
 * @throws {TenderError} if an option's value is none
 */
export function parseArguments(words: readonly string[]): GuestRequest | undefined {
  const devices = new Map<string, DeviceOptions>();
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
    const device = /^--(net|net-mac|block|block-sector-size):([^=]*)=(.*)$/s.exec(word);
    if (device !== null) {
      const [, option, name, value] = device;
      addOption(devices, { option: option as keyof DeviceOptions, name: name!, value: value! });
    } else if (DEVICE_OPTION.test(word)) {
      throw new TenderError("device", `${word}: expected --OPTION:NAME=VALUE, as --net:eth0=tap0`);
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
  return { memorySize, devices: makeDevices(devices), file, args, output, observe, hold };
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

function addOption(
  devices: Map<string, DeviceOptions>,
  { option, name, value }: { option: keyof DeviceOptions; name: string; value: string },
): void {
  const known = devices.get(name) ?? {};
  if (known[option] !== undefined) {
    throw new TenderError("device", `--${option}:${name}: given twice`);
  }
  devices.set(name, { ...known, [option]: value });
}

function makeDevices(devices: Map<string, DeviceOptions>): Map<string, Device> {
  const result = new Map<string, Device>();
  for (const [name, options] of devices) result.set(name, makeDevice(name, options));
  return result;
}

function makeDevice(name: string, options: DeviceOptions): Device {
  const { net: backing, "net-mac": mac, block: storage, "block-sector-size": size } = options;
  if (backing !== undefined && storage !== undefined) {
    throw new TenderError("device", `Device '${name}' is given as a network and as a block device`);
  }
  if (backing !== undefined && size === undefined) return makeNet(backing, mac);
  if (storage !== undefined && mac === undefined) return makeBlock(storage, size);
  const lonely = backing !== undefined || mac === undefined ? "block-sector-size" : "net-mac";
  throw new TenderError("device", `--${lonely}:${name}: there is no such device to set it for`);
}

function makeNet(backing: string, mac: string | undefined): Device {
  if (!backing.startsWith("@")) return net.tap(backing, { mac });
  if (!/^@[0-9]{1,9}$/.test(backing)) {
    throw new TenderError("device", `Not a descriptor: '${backing}'`);
  }
  return net.fd(Number(backing.slice(1)), { mac });
}

function makeBlock(storage: string, size: string | undefined): Device {
  const [, path, access] = /^(.*?)(?:,(ro|overlay))?$/s.exec(storage)!;
  if (path === "") throw new TenderError("device", "A block device needs a path");
  if (size !== undefined && !/^[0-9]{1,9}$/.test(size)) {
    throw new TenderError("device", `Not a block size: '${size}'`);
  }
  return block.file(path!, {
    blockSize: size === undefined ? undefined : Number(size),
    access: access as Access | undefined,
  });
}
