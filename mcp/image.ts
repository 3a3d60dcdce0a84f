/**
 * Images of tools: what is started for each call.
 *
 * @module
 */
import {
  addFiles,
  bind,
  bindTo,
  block,
  type Device,
  inspect,
  net,
  type NetPort,
  parseUnikernel,
  type RootFile,
  snapshot,
  TenderError,
  type Unikernel,
} from "../mod.ts";
import { systemReason } from "../linux/system_reason.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { runnerFor } from "./scripts/scripts.ts";
import { writeTar } from "./tar.ts";
import { WarmCache } from "./warm_cache.ts";

/** The device whose archive holds the files of a tool that was not adopted. */
export const MOUNTS_DEVICE = "mounts";
/** The device that an adopted program reads its standard input from. */
export const STDIN_DEVICE = "stdin";
/** The address of channels: always the same, and that of standard input, so that those of snapshots are. */
const CHANNEL_MAC = "02:73:74:64:69:6e";
/** Largest payload of a frame on a channel, in bytes. */
const CHANNEL_MTU = 0xffff;

/** How a tool gets its arguments; `stdio` is a server of MCP on standard input and output. */
export type Input = "channel" | "arguments" | "stdin" | "stdio";

/** What runs a script. */
export interface OpenedScript {
  readonly unikernel: Unikernel;
  /** The script and its runner, which the unikernel needs. */
  readonly files: readonly RootFile[];
}

/**
 * Makes a unikernel of a script and its runner, for whoever knows where the images of languages are.
 *
 * @param options `memory`: in MiB; `warm`: whether it has begun, if that can be had
 */
export type OpenScript = (
  path: string,
  options: { readonly target: "spt" | "hvt"; readonly memory: number; readonly warm: boolean },
) => Promise<OpenedScript>;

/** An image that can be started. */
export interface ToolImage {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
  readonly unikernel: Unikernel;
  /** Files that each instance has: those of a script. The unikernel lacks them. */
  readonly files: readonly RootFile[];
  readonly target: "spt" | "hvt";
  /** Whether it is an adopted Linux program. */
  readonly adopted: boolean;
  /** Whether it starts from where it had initialised. */
  readonly warm: boolean;
  readonly input: Input;
  /** Name of the device that it is called by. */
  readonly channel: string;
  /** Words of its command line, before those of the configuration: a script's runner has some. */
  readonly words: readonly string[];
}

/**
 * Loads the image of a tool.
 *
 * @param options `cache`: directory for snapshots; `openScript`: scripts are no images where it is not given
 * @throws {McpError} "image" naming the path if there is none, or it cannot run as configured
 */
export async function loadImage(
  spec: ToolSpec,
  { cache, openScript }: { cache: string; openScript?: OpenScript },
): Promise<ToolImage> {
  const { image: path } = spec;
  const bytes = readImage(path);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const sha256 = new Uint8Array(digest).toHex();
  try {
    const runner = runnerFor(path);
    if (openScript !== undefined && runner !== undefined) {
      const { memory, config: { warm } } = spec;
      const target = spec.target ?? "spt";
      const script = await openScript(path, { target, memory, warm });
      const { unikernel } = await forTarget(script.unikernel, target);
      return {
        path,
        sha256,
        unikernel,
        files: script.files,
        target,
        adopted: true,
        warm: unikernel.snapshot !== undefined,
        input: "channel",
        channel: STDIN_DEVICE,
        words: runner.words,
      };
    }
    const given = parseUnikernel(bytes, { name: path });
    const { unikernel: cold, target } = await forTarget(given, spec.target);
    const found = inspect(bytes, { name: path });
    const adopted = found.kind === "unikernel" && found.adopted !== undefined;
    const image = {
      path,
      sha256,
      target,
      adopted,
      unikernel: cold,
      files: [],
      warm: cold.snapshot !== undefined,
      input: inputOf(spec, cold),
      channel: spec.isServer ? STDIN_DEVICE : spec.config.channel,
      words: [],
    };
    if (!spec.config.warm || image.warm) return image;
    const warm = await warmed(image, { spec, cache });
    if (warm === undefined) return image;
    return { ...image, unikernel: (await forTarget(warm, target)).unikernel, warm: true };
  } catch (error) {
    throw asImageError(error, path);
  }
}

function readImage(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw new McpError("image", `${path}: ${systemReason(error)}`, { path });
  }
}

/** Does something with an image; what the library says of one that does not do is an error about images. */
export async function asImage<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asImageError(error, path);
  }
}

function asImageError(error: unknown, path: string): unknown {
  const { name, message } = error as Error;
  if (!["ElfError", "TenderError", "ToolchainError", "SystemError"].includes(name)) return error;
  return new McpError("image", message.startsWith(path) ? message : `${path}: ${message}`, {
    path,
  });
}

/** Puts a unikernel onto the target that is asked for: never onto another one. */
async function forTarget(
  unikernel: Unikernel,
  asked: "spt" | "hvt" | undefined,
): Promise<Pick<ToolImage, "unikernel" | "target">> {
  if (unikernel.portable !== undefined) {
    const target = asked ?? "spt";
    return { unikernel: await bindTo(unikernel, target), target };
  }
  const { target } = unikernel.abi;
  if (target !== "spt" && target !== "hvt") {
    throw new McpError("image", `${unikernel.name}: is for ${target}; tools run on spt and hvt`);
  }
  if (asked === undefined || asked === target) return { unikernel, target };
  throw new McpError("image", `${unikernel.name}: is for ${target}, and ${asked} is asked for`);
}

/** How a tool gets its arguments: as configured, or by the devices that it has. */
function inputOf(
  { isServer, config: { input: configured, channel } }: ToolSpec,
  { name, manifest }: Unikernel,
): Input {
  const input = isServer ? "stdio" : configured;
  const has = (device: string) => manifest.devices.some(({ name }) => name === device);
  const found = has(channel) ? "channel" : has(STDIN_DEVICE) ? "stdin" : "arguments";
  const missing = input === "channel" && !has(channel)
    ? channel
    : (input === "stdin" || input === "stdio") && !has(STDIN_DEVICE)
    ? STDIN_DEVICE
    : undefined;
  if (missing === undefined) return input ?? found;
  throw new McpError("image", `${name}: input is "${input}", and it has no device '${missing}'`);
}

/** A snapshot of an image, from the cache if it is there; undefined if it says nowhere that it is ready. */
async function warmed(
  image: ToolImage,
  { spec, cache }: { spec: ToolSpec; cache: string },
): Promise<Unikernel | undefined> {
  const { sha256, target, unikernel } = image;
  const key = `${sha256}-${target}-${spec.memory}`;
  return await new WarmCache(cache).get(key, {
    name: unikernel.name,
    make: async () => {
      // Nobody calls: a program that does not say that it is ready ends.
      const wires = openWires(image);
      const closed = Promise.all(Object.values(wires.ports).map((port) => port.close()));
      try {
        const devices = { ...wires.devices, ...filesDevice(unikernel, []) };
        const guest = bind(unikernel, { memory: `${spec.memory} MiB`, args: QUIET, devices });
        const timeout = spec.config.boot_timeout_secs * 1000;
        return await snapshot(guest, { console: () => {}, limits: { timeout } });
      } catch (error) {
        if (error instanceof TenderError && error.code === "snapshot") return undefined;
        throw error;
      } finally {
        await closed;
      }
    },
  });
}

/** Has the bindings print no banner. */
export const QUIET = ["--solo5:quiet"] as const;

/** The devices that lead to this program, and their other ends. */
export function openWires(
  { unikernel, channel }: Pick<ToolImage, "unikernel" | "channel">,
): { ports: Record<string, NetPort>; devices: Record<string, Device> } {
  const ports: Record<string, NetPort> = {};
  const devices: Record<string, Device> = {};
  for (const { name, type } of unikernel.manifest.devices) {
    if (type !== "NET_BASIC" || name !== channel && name !== STDIN_DEVICE) continue;
    const [port, device] = net.pair({ mtu: CHANNEL_MTU, macs: [CHANNEL_MAC, CHANNEL_MAC] });
    ports[name] = port;
    devices[name] = device;
  }
  return { ports, devices };
}

/** The device with files, where a unikernel has one. */
export function filesDevice(
  { manifest }: Unikernel,
  files: readonly RootFile[],
): Record<string, Device> {
  if (!manifest.devices.some(({ name }) => name === MOUNTS_DEVICE)) return {};
  return { [MOUNTS_DEVICE]: block.memory(writeTar(files), { access: "overlay" }) };
}

/**
 * Gives files to a unikernel: to an adopted program as its own, to any other as an archive on a device.
 *
 * @throws {McpError} "image" if it has no place for them
 */
export function withFiles(
  { unikernel, files: own, adopted, path }: ToolImage,
  mounted: readonly RootFile[],
): { unikernel: Unikernel; devices: Record<string, Device> } {
  const devices = filesDevice(unikernel, mounted);
  const files = Object.keys(devices).length > 0 ? own : [...own, ...mounted];
  if (files.length === 0) return { unikernel, devices };
  if (!adopted) {
    throw new McpError("image", `${path}: has no device '${MOUNTS_DEVICE}' for its mounts`);
  }
  try {
    return { unikernel: addFiles(unikernel, files, { name: path }), devices };
  } catch (error) {
    throw asImageError(error, path);
  }
}
