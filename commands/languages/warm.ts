/**
 * Images that have begun: snapshots, kept in this user's cache. Whoever can read one knows what its
 * interpreter drew at random to begin with, so nobody else can.
 *
 * @module
 */
import { bindTo } from "../../bindings/bind_to.ts";
import { digest, userCacheDir } from "../../bindings/cache.ts";
import project from "../../deno.json" with { type: "json" };
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { cpuFlags } from "../../linux/cpu_flags.ts";
import { guarded } from "../../linux/files.ts";
import { LARGEST_MTU } from "../../tender/devices/net/backing.ts";
import { net } from "../../tender/devices/net/device.ts";
import { INPUT_MAC } from "../../tender/devices/net/input_mac.ts";
import type { Device } from "../../tender/devices/kinds.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { readMachine } from "../machine_words.ts";
import { type Image, readImage } from "./images.ts";
import { keep, readKept } from "./snapshot_cache.ts";

/** How an image is started. */
export interface Start {
  readonly target: TenderTarget;
  /** Memory of the guest, in bytes. */
  readonly memory: number;
  /** Options of `run` about the machine, as they were given. */
  readonly machine: readonly string[];
  /** The directory of the cache; undefined if this user has none. Default: the user's. */
  readonly cacheDir?: string;
}

/**
 * An image that has begun, from the cache, where it is put on first use. Where no snapshot can be taken it is
 * the image as it is.
 *
 * @returns a portable unikernel
 * @throws {ElfError} "file" if the image cannot be read, or is damaged
 */
export async function warmImage(image: Image, start: Start): Promise<Unikernel> {
  const name = image.language;
  return await fromCache(start, {
    name,
    file: await cacheName(image, start),
    open: async () => parseUnikernel(await readImage(image), { name }),
    args: [],
  });
}

/** How to start a tool. */
export interface ToolStart extends Start {
  readonly args: readonly string[];
  /** All that its unikernel was made from. */
  readonly from: readonly (string | Uint8Array)[];
}

/** As {@linkcode warmImage}, a unikernel that is made already. */
export async function warmTool(
  cold: Unikernel,
  { from, args, ...start }: ToolStart,
): Promise<Unikernel> {
  const file = await cacheName({ sha256: await digest(from) }, start);
  return await fromCache(start, { name: cold.name, file, open: () => cold, args });
}

/** What is to be had from the cache. */
interface Wanted {
  readonly name: string;
  /** Name of its file. */
  readonly file: string;
  /** Opens what has not begun. */
  open(): Promise<Unikernel> | Unikernel;
  readonly args: readonly string[];
}

async function fromCache(start: Start, { name, file, open, args }: Wanted): Promise<Unikernel> {
  const { cacheDir = userCacheDir() } = start;
  if (cacheDir === undefined) return await open();
  const directory = privateDirectory(`${cacheDir}/images`);
  const path = `${directory}/${file}`;
  const kept = keptUnikernel(path, name);
  if (kept !== undefined) return kept;
  const cold = await open();
  try {
    const warm = (await begin(cold, start, args)).file!;
    await keep(path, warm);
    return parseUnikernel(warm, { name });
  } catch (error) {
    // A host may refuse to trace a process, and a disk may be full.
    if (isNamed(error, "TenderError", "SystemError", "ToolchainError")) return cold;
    throw error;
  }
}

/** A snapshot from the cache; undefined if it is not there, or not whole: the power may have failed. */
function keptUnikernel(path: string, name: string): Unikernel | undefined {
  const bytes = readKept(path);
  try {
    return bytes && parseUnikernel(bytes, { name });
  } catch (error) {
    if (isNamed(error, "ElfError")) return undefined;
    throw error;
  }
}

/** Runs an image until it has begun. */
async function begin(
  cold: Unikernel,
  { target, memory, machine }: Start,
  args: readonly string[],
): Promise<Unikernel> {
  // Nobody is at the other end: what would be has no use for a run that ends before it reads.
  const [device, port] = net.pair({ mtu: LARGEST_MTU, macs: [INPUT_MAC] });
  await port.close();
  const hasInput = cold.manifest.devices.some(({ name }) => name === "stdin");
  const devices: Record<string, Device> = hasInput ? { stdin: device } : {};
  const words = ["--solo5:quiet", ...args];
  const guest = bind(await bindTo(cold, target), { memory, args: words, devices });
  return await snapshot(guest, { ...readMachine(machine), console: () => {} });
}

/**
 * The name of a snapshot: all that decides what is in it. Programs choose their code by the features of the
 * CPU.
 */
export async function cacheName(
  { sha256 }: Pick<Image, "sha256">,
  { target, memory, machine }: Omit<Start, "cacheDir">,
  features: readonly string[] = cpuFlags(),
): Promise<string> {
  const how = [target, String(memory), machine.join(" "), features.join(" ")];
  return `${await digest([project.version, sha256, ...how])}.solo5`;
}

/** A directory that only this user can enter, made if it is not there. */
function privateDirectory(path: string): string {
  guarded(path, () => {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    Deno.chmodSync(path, 0o700);
  });
  return path;
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
