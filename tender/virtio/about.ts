/**
 * How this host runs guests of virtio.
 *
 * @module
 */
import type { Emulator } from "../hvt/machine.ts";
import { hasHardware } from "../kvm/open.ts";
import type { OpenOptions } from "../target.ts";
import type { QemuMachine } from "./qemu.ts";

/** Who executes the instructions of QEMU's guests: KVM where it has hardware, else QEMU itself. */
export function accelerator(): QemuMachine["accelerator"] {
  return hasHardware() ? "kvm" : "tcg";
}

/** Who runs a guest. It is QEMU that serves gdb. */
export function emulatorFor({ emulator, debugged }: OpenOptions): Emulator {
  if (debugged) return "qemu";
  return emulator ?? (hasHardware() ? "kvm" : "qemu");
}

/** A description for people. */
export function about(options: OpenOptions): string {
  if (emulatorFor(options) === "kvm") return "on KVM";
  return accelerator() === "kvm" ? "in QEMU, with KVM" : "in QEMU, without KVM";
}
