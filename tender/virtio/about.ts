/**
 * How this host runs guests of virtio.
 *
 * @module
 */
import { hasHardware } from "../kvm/open.ts";
import type { QemuMachine } from "./qemu.ts";

/** Who executes the instructions of guests: KVM where it has hardware, else QEMU itself. */
export function accelerator(): QemuMachine["accelerator"] {
  return hasHardware() ? "kvm" : "tcg";
}

/** A description for people. */
export function about(): string {
  return accelerator() === "kvm" ? "in QEMU, with KVM" : "in QEMU, without KVM";
}
