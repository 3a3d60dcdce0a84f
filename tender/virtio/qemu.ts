/**
 * The command line of QEMU for a guest of virtio, and the guest's end as QEMU's exit status reports it. This
 * file starts nothing.
 *
 * @module
 */
import type { DeviceBase } from "../devices/device.ts";

/** A device of the machine, in QEMU's words. The folder of its kind makes it: `tender/devices/KIND/emulated.ts`. */
export interface QemuDevice {
  /** The option for the device's side on this host, and its value: `["-netdev", "tap,…"]`. */
  readonly backend: readonly [option: string, value: string];
  /** The device and its properties: `virtio-net-pci,…`. */
  readonly device: string;
  /** The property by which the device names its backend: `netdev`. */
  readonly link: string;
}

/** How QEMU gets the devices of a kind; they are of type `D`. */
export interface EmulatedKind<D extends DeviceBase = DeviceBase> {
  /**
   * Looks at a device on this host.
   *
   * @throws {TenderError} "device" if it is missing or unusable
   */
  look(device: D): QemuDevice;
}

/** A machine for one guest. */
export interface QemuMachine {
  /**
   * Path of the unikernel, which must not contain a space: the loader puts it before the guest's command
   * line, and the guest removes what comes before the first space.
   */
  readonly kernel: string;
  /** The guest's command line. */
  readonly cmdline: string;
  /** In MiB. */
  readonly memory: number;
  /** Who executes the guest's instructions: this host's KVM, or QEMU itself. */
  readonly accelerator: "kvm" | "tcg";
  /** In the order of the manifest: the guest tells them apart by that alone. */
  readonly devices: readonly QemuDevice[];
  /** Where QEMU has the guest wait for gdb, as its option `-gdb` takes it: `tcp:127.0.0.1:1234`. */
  readonly gdb?: string;
  /** Path of a file or pipe that gets the guest's exit status, for {@linkcode endOf}. */
  readonly status?: string;
}

/** QEMU's program. */
export const QEMU = "qemu-system-x86_64";

/** Where the guest writes its exit status; it finds out whether there is something. */
const STATUS_PORT = 0xe9;

/** What QEMU exits with after a guest has said that it ends (`isa-debug-exit`, of a write of 41). */
const ENDED_STATUS = 83;

/**
 * The command line for a machine: QEMU's program and its arguments.
 *
 * @throws {RangeError} if the path of the unikernel contains a space
 */
export function qemuCommand(machine: QemuMachine): string[] {
  const { kernel, cmdline, memory, accelerator, devices, gdb, status } = machine;
  if (kernel.includes(" ")) throw new RangeError(`${kernel}: QEMU cannot load a path with a space`);
  return [
    QEMU,
    // Nothing that was not asked for: no files of the user's, no devices, no window, no monitor.
    ...["-no-user-config", "-nodefaults", "-display", "none"],
    ...["-machine", "pc,acpi=off", "-accel", accelerator],
    ...["-cpu", accelerator === "kvm" ? "host" : "max", "-m", String(memory)],
    // A guest that resets the machine has ended.
    "-no-reboot",
    ...["-serial", "stdio", "-device", "isa-debug-exit"],
    ...(status === undefined ? [] : statusWords(status)),
    ...deviceWords(devices),
    ...(gdb === undefined ? [] : ["-gdb", gdb, "-S"]),
    ...["-kernel", kernel],
    ...(cmdline === "" ? [] : ["-append", cmdline]),
  ];
}

function statusWords(path: string): string[] {
  const port = `0x${STATUS_PORT.toString(16)}`;
  return [
    ...["-chardev", `file,id=status,path=${quote(path)}`],
    ...["-device", `isa-debugcon,iobase=${port},chardev=status`],
  ];
}

/** Slots of a bus that are free for devices: 0 and 1 are taken on the first, and the last is for a bridge. */
const FIRST_SLOT = 2;
const BRIDGE_SLOT = 31;
const SLOTS = BRIDGE_SLOT - FIRST_SLOT;

/** Devices by ascending bus and slot, with bridges to as many buses as it takes. */
function deviceWords(devices: readonly QemuDevice[]): string[] {
  return devices.flatMap((device, index) => {
    const bus = Math.floor(index / SLOTS);
    const slot = FIRST_SLOT + index % SLOTS;
    const bridge = bus > 0 && slot === FIRST_SLOT ? bridgeWords(bus) : [];
    const place = `bus=${busName(bus)},addr=0x${slot.toString(16)}`;
    return [...bridge, ...oneDevice(device, { id: `d${index}`, place })];
  });
}

function busName(bus: number): string {
  return bus === 0 ? "pci.0" : `bridge${bus}`;
}

function bridgeWords(bus: number): string[] {
  const place = `bus=${busName(bus - 1)},addr=0x${BRIDGE_SLOT.toString(16)}`;
  return ["-device", `pci-bridge,id=${busName(bus)},chassis_nr=${bus},shpc=off,${place}`];
}

function oneDevice(
  { backend: [option, value], device, link }: QemuDevice,
  { id, place }: { id: string; place: string },
): string[] {
  return [option, `${value},id=${id}`, "-device", `${device},${link}=${id},${place}`];
}

/** In QEMU's options a comma ends a value, unless there are two. */
export function quote(value: string): string {
  return value.replaceAll(",", ",,");
}

/** How a machine ended. */
export type QemuEnd =
  /** The guest ended with this status; 255 is an abort. One that says none ends with QEMU's. */
  | { readonly kind: "exit"; readonly status: number }
  /** The guest reset the machine or switched it off without a word, as a triple fault does. */
  | { readonly kind: "reset" }
  /** QEMU itself failed; what it printed says why. */
  | { readonly kind: "failed"; readonly status: number };

/**
 * What QEMU's end says.
 *
 * @param status QEMU's exit status
 * @param said what the guest wrote to `status` of its {@linkcode QemuMachine}
 */
export function endOf(status: number, said: Uint8Array): QemuEnd {
  const last = said.at(-1);
  if (status === ENDED_STATUS) return { kind: "exit", status: last ?? ENDED_STATUS };
  return status === 0 ? { kind: "reset" } : { kind: "failed", status };
}
