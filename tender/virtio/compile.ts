/**
 * Compiles guests of virtio: a machine of QEMU's, and the unikernel in the piece that it loads.
 *
 * @module
 */
import { flatten } from "../../elftool/multiboot.ts";
import type { Guest } from "../guest.ts";
import type { QemuDevice, QemuMachine } from "./qemu.ts";

/** What a guest is compiled with. */
export interface HostFacts extends Pick<QemuMachine, "accelerator"> {
  /** One for each of the guest's devices, in order. */
  readonly devices: readonly QemuDevice[];
}

/** A guest as QEMU starts it: a plain value. */
export interface QemuLaunch {
  /** The unikernel's name. */
  readonly name: string;
  /** The file that QEMU loads. */
  readonly kernel: Uint8Array<ArrayBuffer>;
  /** All of the machine but the paths of its files. */
  readonly machine: Omit<QemuMachine, "kernel" | "status">;
}

const MIB = 0x10_0000;

/**
 * Compiles a guest.
 *
 * @throws {ElfError} "elf-segment" if the unikernel has no multiboot header that fits its segments
 */
export function compileLaunch(
  { unikernel, commandLine, memorySize }: Guest,
  { devices, accelerator }: HostFacts,
): QemuLaunch {
  const { bytes } = flatten(unikernel);
  const machine = { cmdline: commandLine, memory: memorySize / MIB, accelerator, devices };
  return { name: unikernel.name, kernel: bytes, machine };
}
