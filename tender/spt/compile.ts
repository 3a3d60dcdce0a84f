/**
 * The spt tender's compiler: from a guest to a process image, the description of a Linux executable
 * whose segments are the guest's memory and its launch. `start.ts` writes or runs it.
 *
 * @module
 */
import { type Architecture, MAX_EXECUTABLE_PROGRAMS } from "../../abi/elf.ts";
import { alignUp } from "../../abi/layout.ts";
import type { PackNote } from "../../abi/pack.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, MEMORY_START, STACK_GAP } from "../../abi/spt.ts";
import { printable } from "../../elftool/printable.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { CompileOptions } from "../target.ts";
import { BARE_LAUNCH } from "./bare_launch.fixed.ts";
import { encodeShown, tenderLine } from "./command_line.ts";
import type { DeviceCompiler } from "./devices.ts";
import type { ImageDevice } from "./launched_kind.ts";
import {
  bootMemory,
  type GuestMemory,
  guestMemory,
  type ImageSegment,
  type SharedMemory,
  wholePages,
} from "./memory.ts";
import {
  fillLaunch,
  type Launch,
  LAUNCH_WINDOW,
  type LaunchTemplate,
  SHOWN_WINDOW,
  type ShownText,
} from "./page.ts";

/** A Linux executable that is a guest together with its launch. */
export interface ProcessImage {
  /** The architecture that it runs on. */
  readonly architecture: Architecture;
  /** Address of the launch program. */
  readonly entry: number;
  /** Ascending, not overlapping; the launch page comes after guest memory. */
  readonly segments: readonly ImageSegment[];
  /** What the image says of itself. */
  readonly note: PackNote;
  /** The descriptors that the guest has by its first instruction, besides its console. */
  readonly descriptors: Pick<LaunchTemplate, "epoll" | "timer" | "devices">;
  /** Descriptors of this process that it needs under the same numbers: it must inherit them when it starts. */
  readonly inherited: readonly number[];
  /** Whether its launch waits until it is traced. */
  readonly traced: boolean;
}

const WRITABLE = { read: true, write: true, execute: false } as const;
const NO_ACCESS = { read: false, write: false, execute: false } as const;

/** What is known of this host before anything of the guest is made. */
export interface HostFacts {
  /** The guest's devices, in the manifest's order. */
  readonly devices: readonly ImageDevice[];
  /** Whether the devices are those of a recording, so that the launch opens none of them; not if not given. */
  readonly replayed?: boolean;
}

/** How to compile a guest to an image. */
export interface ImageOptions extends CompileOptions {
  /** Whether the image is kept in a file, whose name its process then has; not if not given. */
  readonly keep?: boolean;
  /** What the guest's process gets as its standard input, in place of what the image would bring; if any. */
  readonly shared?: SharedMemory;
  /** Compiles devices; a guest without devices needs none. */
  readonly devices?: DeviceCompiler;
}

/**
 * Compiles a guest: a pure function.
 *
 * @throws {TenderError} "target" if there is no launch code for the guest's architecture yet, "device"
 * if there are facts of other devices than the guest has, "memory" if Linux would not execute the
 * image
 */
export function compileImage(
  guest: Guest,
  facts: HostFacts = { devices: [] },
  options: ImageOptions = {},
): ProcessImage {
  const { architecture, name } = guest.unikernel;
  const bare = bareTemplate(guest);
  if (facts.devices.length !== guest.devices.length) {
    throw new TenderError("device", `${name}: its devices are not prepared`);
  }
  const compiler = facts.devices.length === 0 ? undefined : options.devices;
  const template = compiler?.template(facts.devices, { architecture, closed: facts.replayed }) ??
    bare;
  const line = options.line ?? tenderLine(guest, compiler?.options(guest.devices) ?? []);
  const text = encodeShown(line);
  const content = { ...template, shown: text.bytes };
  const { shared } = options;
  const memory = shared === undefined
    ? guestMemory(guest, content)
    : bootMemory(guest, { content, shared });
  const launch = launchOf(guest, { memory, text, taskSize: template.taskSize, options });
  const ofLaunch = launchSegments(template, launch);
  checkSizes(ofLaunch, name);
  const segments = [...memory.segments, ...ofLaunch];
  checkCount(segments.length + OTHER_PROGRAMS, name);
  const { epoll, timer, devices } = template;
  return {
    architecture,
    entry: launch.address,
    segments,
    note: noteOf(guest, template),
    descriptors: { epoll, timer, devices },
    inherited: facts.replayed ? [] : facts.devices.flatMap(({ inherited }) => inherited ?? []),
    traced: launch.traced,
  };
}

function bareTemplate({ unikernel: { architecture, name } }: Guest): LaunchTemplate {
  const bare = BARE_LAUNCH[architecture];
  if (bare !== undefined) return bare;
  const architectures = Object.keys(BARE_LAUNCH).join(", ");
  throw new TenderError(
    "target",
    `${name}: is built for ${architecture}, and spt unikernels run on ${architectures} alone`,
  );
}

/** What a launch is made of, besides its template. */
interface Parts {
  readonly memory: GuestMemory;
  readonly text: ShownText;
  readonly taskSize: number;
  readonly options: ImageOptions;
}

function launchOf(guest: Guest, { memory, text, taskSize, options }: Parts): Launch {
  const { unikernel, memorySize } = guest;
  const { entry, architecture } = unikernel;
  // Between the guest's stack and the launch page above it lies a page that is never mapped.
  const address = memorySize + PAGE_SIZE;
  const shownAddress = address + SHOWN_WINDOW;
  const shownEnd = shownAddress + alignUp(text.bytes.length, PAGE_SIZE);
  return {
    name: `${options.program ?? "soloden"}: ${printable(baseName(unikernel))}`,
    parent: options.parent,
    traced: options.traced ?? false,
    address,
    entry: { address: entry, stack: memorySize - STACK_GAP[architecture], argument: BOOT_INFO },
    files: memory.files,
    maps: memory.maps,
    protections: memory.protections,
    // Something is mapped below guest memory only if the personality of the parent asks for it.
    unmaps: [
      { start: 0, end: MEMORY_START, ...NO_ACCESS },
      { start: shownEnd, end: taskSize, ...NO_ACCESS },
    ],
    shown: { ...text, address: shownAddress, source: memory.shown, named: !options.keep },
  };
}

function launchSegments(template: LaunchTemplate, launch: Launch): ImageSegment[] {
  const { address, shown } = launch;
  const { code, scratch } = fillLaunch(template, launch);
  const shownSize = alignUp(shown.bytes.length, PAGE_SIZE);
  return [
    ...segment(address, code, { read: true, write: false, execute: true }),
    // Zeros, because the kernel does not show memory that is mapped from a file.
    { address: shown.address, data: new Uint8Array(), memorySize: shownSize, ...WRITABLE },
    ...segment(address + LAUNCH_WINDOW, scratch, WRITABLE),
  ];
}

function noteOf(
  { unikernel, memorySize, commandLine, executableHeap }: Guest,
  { devices }: LaunchTemplate,
): PackNote {
  return {
    unikernel: baseName(unikernel),
    abi: { target: "spt", version: unikernel.abi.version },
    entry: unikernel.entry,
    memory: memorySize,
    commandLine,
    devices: devices.map(({ note }) => note),
    ...(executableHeap ? { executableHeap } : {}),
  };
}

function baseName({ name }: Guest["unikernel"]): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Checks that the launch page, the command line and the scratch memory do not overlap. */
function checkSizes(segments: readonly ImageSegment[], name: string): void {
  const size = Math.max(...segments.map(({ memorySize }) => memorySize));
  if (size <= SHOWN_WINDOW) return;
  throw new TenderError(
    "memory",
    `${name}: its launch takes ${size} bytes, and there is room for ${SHOWN_WINDOW}`,
  );
}

/** Program headers besides those of the segments: the note, and the one about the stack. */
const OTHER_PROGRAMS = 2;

function checkCount(count: number, name: string): void {
  if (count <= MAX_EXECUTABLE_PROGRAMS) return;
  throw new TenderError(
    "memory",
    `${name}: its segments make ${count} program headers of an executable, and Linux takes ${MAX_EXECUTABLE_PROGRAMS}`,
  );
}

function segment(
  address: number,
  content: Uint8Array,
  protection: Pick<ImageSegment, "read" | "write" | "execute">,
): ImageSegment[] {
  const data = wholePages(content);
  return data.length === 0 ? [] : [{ address, data, memorySize: data.length, ...protection }];
}
