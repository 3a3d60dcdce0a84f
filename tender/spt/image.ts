/**
 * The spt tender's compiler: from a guest to a process image, the description of a Linux executable
 * whose segments are the guest's memory and one launch page. Pure; `start.ts` writes or runs it.
 *
 * @module
 */
import type { PackNote } from "../../abi/pack.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, STACK_GAP } from "../../abi/spt.ts";
import type { Machine } from "../../elftool/unikernel.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import { encodeX86 } from "./encode_x86_64.ts";
import { guestMemory, type ImageSegment, wholePages } from "./memory.ts";
import { launchProgram } from "./program.ts";
import { LINUX } from "./syscalls.ts";

/** A Linux executable that is a guest together with its launch. */
export interface ProcessImage {
  readonly machine: Machine;
  /** Address of the launch program. */
  readonly entry: number;
  /** Ascending, not overlapping; the last one is the launch page. */
  readonly segments: readonly ImageSegment[];
  /** What the image says of itself. */
  readonly note: PackNote;
}

/** Addresses kept for the launch page and its constants, in bytes; only what is needed is mapped. */
const LAUNCH_WINDOW = 0x10_0000;

/**
 * Compiles a guest.
 *
 * @throws {TenderError} `target` if this machine's launch program cannot be made yet
 */
export function compileImage(guest: Guest): ProcessImage {
  const { unikernel, memorySize } = guest;
  const { machine, name, entry, abi, manifest } = unikernel;
  const linux = LINUX[machine];
  if (linux === undefined) {
    throw new TenderError(
      "target",
      `${name}: spt unikernels for ${machine} cannot be launched yet`,
    );
  }
  const memory = guestMemory(guest);
  // A page that is never mapped lies between the guest's stack and the launch page above it.
  const launchPage = memorySize + PAGE_SIZE;
  const program = launchProgram({
    name: `soloden: ${name}`,
    linux,
    entry: { address: entry, stack: memorySize - STACK_GAP[machine], argument: BOOT_INFO },
    protections: memory.protections,
    unmap: { start: launchPage + LAUNCH_WINDOW, end: linux.taskSize },
  });
  const code = wholePages(encodeX86(program, launchPage));
  if (code.length > LAUNCH_WINDOW) {
    throw new TenderError("device", `${name}: the launch needs ${code.length} bytes of code`);
  }
  return {
    machine,
    entry: launchPage,
    segments: [...memory.segments, {
      address: launchPage,
      data: code,
      memorySize: code.length,
      read: true,
      write: false,
      execute: true,
    }],
    note: {
      unikernel: name.slice(name.lastIndexOf("/") + 1),
      abi: { target: "spt", version: abi.version },
      entry,
      memory: memorySize,
      commandLine: new TextDecoder().decode(guest.commandLine),
      devices: manifest.devices,
    },
  };
}
