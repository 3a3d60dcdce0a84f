/**
 * Reads the options of `solo5-hvt` and `solo5-spt` by the rules of those programs. They differ from the
 * rules of `run`: options are checked against the manifest one after the other, what follows the digits
 * of a number is ignored, and the last value counts if an option is given twice.
 *
 * @module
 */
import { O_CLOEXEC } from "../../linux/constants.ts";
import type { DeviceType, Manifest } from "../../abi/manifest.ts";
import { DEFAULT_MEMORY_MIB } from "../../abi/solo5.ts";
import { block, isBlockSize } from "../../tender/devices/block/device.ts";
import { checkCapacity } from "../../tender/devices/block/storage.ts";
import type { Device } from "../../tender/devices/kinds.ts";
import type { Backing } from "../../tender/devices/net/backing.ts";
import { DEFAULT_MTU, isDescriptor } from "../../tender/devices/net/device.ts";
import { TenderError } from "../../tender/error.ts";
import { systemReason } from "../../linux/system_reason.ts";
import { DEVICE_OPTIONS } from "../device_options.fixed.ts";

/** What the options of a program ask for. */
export interface ProgramOptions {
  /** In bytes, as it was asked for. */
  readonly memory: bigint;
  /** Devices by the name that the manifest has for them. */
  readonly devices: ReadonlyMap<string, Device>;
  /** Whether the guest may execute its heap. */
  readonly executableHeap: boolean;
  /** Whether the guest is offered a ring for its network frames. */
  readonly netRing: boolean;
}

/** A command line of a program, split where its options end. */
export type ProgramWords =
  | { readonly kind: "help" | "version" | "no-kernel" }
  | {
    readonly kind: "run";
    readonly options: readonly string[];
    readonly file: string;
    readonly args: readonly string[];
  };

/** Finds the unikernel among the words; whether the options exist is not checked. */
export function splitWords(words: readonly string[]): ProgramWords {
  const end = words.findIndex((word) => word === "--" || !word.startsWith("-"));
  const options = end < 0 ? words : words.slice(0, end);
  const first = options.find((word) => word === "--help" || word === "--version");
  if (first !== undefined) return { kind: first === "--help" ? "help" : "version" };
  const [file, ...args] = end < 0 ? [] : words.slice(words[end] === "--" ? end + 1 : end);
  return file === undefined ? { kind: "no-kernel" } : { kind: "run", options, file, args };
}

const BLOCK_SIZE_RULE = "Block size must be a multiple of 2 greater than or equal 512";

/** An option about a device: the option's name, the device's name, the value. */
const DEVICE = /^--([a-z-]+):([A-Za-z0-9]{1,67})=(.+)$/s;

/** Device types, by the options about them. */
const TYPES: ReadonlyMap<string, DeviceType> = new Map(
  DEVICE_OPTIONS.flatMap(({ type, options }) =>
    options.filter(({ observes }) => !observes).map(({ name }) => [name, type] as const)
  ),
);

/** What the options so far say about devices, by the devices' names. */
interface Said {
  readonly backings: Map<string, Backing>;
  readonly macs: Map<string, Uint8Array>;
  readonly storages: Map<string, Storage>;
  readonly blockSizes: Map<string, number>;
}

/** A file or block device that exists. */
interface Storage {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Reads the options.
 *
 * @param options `manifest`: what the unikernel declares; `flags`: options without a value that the
 * program has
 * @throws {TenderError} "option" for an option that is not as the usage says, or a device that does not
 * exist; "memory" for a size that is not a number
 */
export async function readOptions(
  words: readonly string[],
  options: { manifest: Manifest; flags: readonly string[] },
): Promise<ProgramOptions> {
  const said: Said = {
    backings: new Map(),
    macs: new Map(),
    storages: new Map(),
    blockSizes: new Map(),
  };
  let memory = BigInt(DEFAULT_MEMORY_MIB) * MEBIBYTE;
  const flags = new Set<string>();
  for (const word of words) {
    if (word.startsWith("--mem=")) memory = parseMemory(word.slice("--mem=".length));
    else if (options.flags.includes(word)) flags.add(word);
    else await readDeviceOption(word, { said, manifest: options.manifest });
  }
  return {
    memory,
    devices: makeDevices(said),
    executableHeap: flags.has("--x-exec-heap"),
    netRing: !flags.has("--no-net-ring"),
  };
}

const MEBIBYTE = 0x10_0000n;

function parseMemory(written: string): bigint {
  const mebibytes = leadingNumber(written);
  if (!mebibytes) throw new TenderError("memory", "Malformed argument to --mem");
  return asUnsigned(mebibytes * MEBIBYTE);
}

const UNSIGNED_MAX = 2n ** 64n - 1n;

/**
 * Reads the number that a text begins with as C's `strtoull` does: one that is too large becomes the
 * largest of 64 bits, one below zero wraps around.
 */
function leadingNumber(text: string): bigint | undefined {
  const [, sign, digits] = /^\s*([+-]?)([0-9]+)/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const number = BigInt(digits);
  if (number > UNSIGNED_MAX) return UNSIGNED_MAX;
  return sign === "-" ? asUnsigned(-number) : number;
}

function asUnsigned(number: bigint): bigint {
  return BigInt.asUintN(64, number);
}

/** Reads an option about a device. A malformed value is reported before an undeclared device. */
async function readDeviceOption(
  word: string,
  { said, manifest }: { said: Said; manifest: Manifest },
): Promise<void> {
  const [, option = "", name = "", value = ""] = DEVICE.exec(word) ?? [];
  const type = TYPES.get(option);
  if (type === undefined) throw invalid(word);
  const checkDeclared = () => {
    if (manifest.devices.some((device) => device.name === name && device.type === type)) return;
    throw invalid(word, `Resource not declared in manifest: '${name}'`);
  };
  switch (option) {
    case "net":
      checkDeclared();
      said.backings.set(name, await attach(value, word));
      break;
    case "net-mac": {
      const address = parseAddress(value) ?? raise(invalid(word));
      checkDeclared();
      said.macs.set(name, address);
      break;
    }
    case "block":
      checkDeclared();
      said.storages.set(name, { path: value, size: storageSize(value) });
      break;
    case "block-sector-size": {
      const size = Number(leadingNumber(value) ?? raise(invalid(word)));
      if (!isBlockSize(size)) throw invalid(word, BLOCK_SIZE_RULE);
      checkDeclared();
      said.blockSizes.set(name, size);
      break;
    }
    default:
      // An option of a kind that Solo5 does not have.
      throw invalid(word);
  }
}

/** The size of a file or block device, in bytes; throws if it cannot be read and written. */
function storageSize(path: string): number {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    return file.seekSync(0, Deno.SeekMode.End);
  } catch (error) {
    const reason = systemReason(error);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}

function raise(error: Error): never {
  throw error;
}

/** The interface or descriptor that a value names. */
async function attach(value: string, word: string): Promise<Backing> {
  if (!value.startsWith("@")) return await attachTap(value, word);
  const digits = /^@(-?[0-9]+)$/.exec(value)?.[1];
  const fd = Number(digits);
  const refuse = (reason: string) =>
    invalid(word, `Could not attach interface: ${value}: ${reason}`);
  if (digits === undefined) throw refuse("Invalid argument");
  if (fd < 0 || fd > FD_MAX) throw refuse("Numerical result out of range");
  if (!isDescriptor(fd) || !isInherited(fd)) throw refuse("Bad file descriptor");
  return { kind: "descriptor", fd, mtu: DEFAULT_MTU };
}

/** Attaches to an interface at once, so that an error is reported with its option. */
async function attachTap(name: string, word: string): Promise<Backing> {
  // Loading the C library takes time; a guest without a network does not need it.
  const { openTap } = await import("../../tender/devices/net/attach.ts");
  const { interfaceFacts } = await import("../../linux/tap.ts");
  const { makeInheritable } = await import("../../linux/inherit.ts");
  try {
    const fd = openTap(name);
    makeInheritable(fd);
    return { kind: "descriptor", fd, mtu: interfaceFacts(name).mtu };
  } catch (error) {
    throw error instanceof TenderError ? invalid(word, error.message) : error;
  }
}

/** Largest number of a descriptor. */
const FD_MAX = 0x7fff_ffff;

/** Whether this process inherited a descriptor. Those that the runtime opened are closed on exec. */
function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`));
    return flags !== null && (parseInt(flags[1]!, 8) & O_CLOEXEC) === 0;
  } catch {
    return false;
  }
}

/** Reads six hexadecimal numbers between colons; a multicast address is allowed. */
function parseAddress(text: string): Uint8Array | undefined {
  const match = /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}/i.exec(text);
  return match ? Uint8Array.from(match[0].split(":"), (digits) => parseInt(digits, 16)) : undefined;
}

function makeDevices(said: Said): Map<string, Device> {
  const devices = new Map<string, Device>();
  for (const [name, backing] of said.backings) {
    devices.set(name, { type: "NET_BASIC", backing, mac: said.macs.get(name) });
  }
  for (const [name, { path, size }] of said.storages) {
    const device = block.file(path, { blockSize: said.blockSizes.get(name) });
    // Solo5's tenders name the device, not the file.
    checkCapacity({ ...device, path: name }, size);
    devices.set(name, device);
  }
  return devices;
}

function invalid(word: string, reason?: string): TenderError {
  const message = `Invalid option: \`${word}'`;
  return new TenderError("option", reason === undefined ? message : `${reason}\n${message}`);
}
