/**
 * What there is to know of the virtio target on this host.
 *
 * @module
 */
import { hasHardware } from "../kvm/open.ts";
import type { QemuMachine } from "./qemu.ts";

/** Who executes the instructions of guests: KVM where it has hardware, else QEMU itself. */
export function accelerator(): QemuMachine["accelerator"] {
  return hasHardware() ? "kvm" : "tcg";
}

/** For people. */
export function about(): string {
  return accelerator() === "kvm" ? "in QEMU, with KVM" : "in QEMU, without KVM";
}
