/**
 * The spt tender's compiler: from a guest to a process image, the description of a Linux executable
 * whose segments are the guest's memory and one launch page. Pure; `start.ts` writes or runs it.
 *
 * @module
 */
import type { Machine } from "../../abi/elf.ts";
import type { PackNote } from "../../abi/pack.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, MEMORY_START, STACK_GAP } from "../../abi/spt.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import { BARE_LAUNCH } from "./bare_launch.fixed.ts";
import { type ImageDevice, type ImageDevices, placeDescriptors } from "./devices.ts";
import { fillLaunch } from "./fill.ts";
import { guestMemory, type ImageSegment, wholePages } from "./memory.ts";
import { LAUNCH_WINDOW } from "./record.ts";

/** A Linux executable that is a guest together with its launch. */
export interface ProcessImage {
  /** The machine that it runs on. */
  readonly machine: Machine;
  /** Address of the launch program. */
  readonly entry: number;
  /** Ascending, not overlapping; the launch page comes after guest memory. */
  readonly segments: readonly ImageSegment[];
  /** What the image says of itself. */
  readonly note: PackNote;
}

const NO_ACCESS = { read: false, write: false, execute: false } as const;

/**
 * Compiles a guest.
 *
 * @param devices what `prepareDevices` made of the guest's devices; none if not given
 * @param options `program`: what messages of a launch that fails begin with; `soloden` if not given;
 * `parent`: the process that starts the guest, which ends with it; none if not given
 * @throws {TenderError} "target" if this machine's launch program cannot be made yet, "device" if
 * the guest has devices that were not prepared
 */
export function compileImage(
  guest: Guest,
  devices?: ImageDevices,
  options: { program?: string; parent?: number } = {},
): ProcessImage {
  const { unikernel, memorySize } = guest;
  const { machine, name, entry, abi } = unikernel;
  const bare = BARE_LAUNCH[machine];
  if (bare === undefined) {
    throw new TenderError(
      "target",
      `${name}: is built for ${machine}, and spt unikernels can be launched on ${
        Object.keys(BARE_LAUNCH).join(", ")
      } alone`,
    );
  }
  const list = devices?.list ?? [];
  if (list.length !== guest.devices.length) {
    throw new TenderError("device", `${name}: its devices are not prepared`);
  }
  const baseName = name.slice(name.lastIndexOf("/") + 1);
  const descriptors = placeDescriptors(list);
  const memory = guestMemory(guest, descriptors);
  // A page that is never mapped lies between the guest's stack and the launch page above it.
  const address = memorySize + PAGE_SIZE;
  const scratchAddress = address + LAUNCH_WINDOW;
  const template = devices?.launch(descriptors, machine) ?? bare;
  const { code, scratch } = fillLaunch(template, {
    name: `${options.program ?? "soloden"}: ${baseName}`,
    parent: options.parent,
    address,
    entry: { address: entry, stack: memorySize - STACK_GAP[machine], argument: BOOT_INFO },
    maps: memory.tail.start < memory.tail.end ? [memory.tail] : [],
    protections: memory.protections,
    // Below guest memory there is something only where the parent's personality asks for it.
    unmaps: [
      { start: 0, end: MEMORY_START, ...NO_ACCESS },
      { start: scratchAddress, end: template.taskSize, ...NO_ACCESS },
    ],
  });
  if (code.length > LAUNCH_WINDOW) {
    throw new TenderError("device", `${name}: its devices need ${code.length} bytes to launch`);
  }
  return {
    machine,
    entry: address,
    segments: [
      ...memory.segments,
      ...segment(address, code, { read: true, write: false, execute: true }),
      ...segment(scratchAddress, scratch, { read: true, write: true, execute: false }),
    ],
    note: {
      unikernel: baseName,
      abi: { target: "spt", version: abi.version },
      entry,
      memory: memorySize,
      commandLine: guest.commandLine,
      devices: list.map(describeDevice),
    },
  };
}

function segment(
  address: number,
  content: Uint8Array,
  protection: Pick<ImageSegment, "read" | "write" | "execute">,
): ImageSegment[] {
  const data = wholePages(content);
  return data.length === 0 ? [] : [{ address, data, memorySize: data.length, ...protection }];
}

function describeDevice({ name, properties, source }: ImageDevice): PackNote["devices"][number] {
  return { name, type: properties.type, source };
}
