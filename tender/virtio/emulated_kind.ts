/**
 * What a kind of device tells the virtio tender: how QEMU has it. Each kind's folder says it.
 *
 * @module
 */
import type { DeviceBase } from "../devices/device.ts";
import type { QemuDevice } from "./qemu.ts";

/** A kind of device in machines of QEMU; its devices are of type `D`. */
export interface EmulatedKind<D extends DeviceBase = DeviceBase> {
  /**
   * Looks at a device on this host.
   *
   * @throws {TenderError} "device" if it is not there or not as it should be
   */
  look(device: D): QemuDevice;
}
