/**
 * The PCI bus of our own PC: what configuration mechanism 1 shows of virtio devices and of bridges
 * to further buses. The devices are set up from the start, so that nothing can be written.
 *
 * @module
 */

/** The ports of configuration: an address, then four bytes of data. */
export const PCI_ADDRESS = 0xcf8;
/** See {@linkcode PCI_ADDRESS}. */
export const PCI_DATA = 0xcfc;

/** A device with ports. */
export interface PciFunction {
  /** Its number among virtio's types. */
  readonly type: number;
  /** The first of its ports. */
  readonly port: number;
}

/** The line by which all devices interrupt. */
const LINE = 11;
const PIN_A = 1;

const VENDOR = { virtio: 0x1af4, bridge: 0x1b36 } as const;
/** The identity of a bridge, and that of virtio's first type with the legacy interface. */
const DEVICE = { bridge: 1, first: 0x1000 } as const;
const TYPE_BRIDGE = 1;
const IS_PORT = 1;
/** Ports and memory are turned on. */
const COMMAND = 5;

/** Slot 0 of each bus but the last has the bridge to the next. */
const SLOTS = 32;
const DEVICES_PER_BUS = SLOTS - 1;

const ENABLE = 0x8000_0000;
const NOTHING = 0xffff_ffff;

/** Words of a configuration, by their offset. */
type Configuration = Readonly<Record<number, number>>;

/** The bus, and those behind it. */
export class PciBus {
  /** By bus and slot. */
  readonly #configurations = new Map<number, Configuration>();
  #address = 0;

  /** @param functions in the order in which guests find them */
  constructor(functions: readonly PciFunction[]) {
    functions.forEach((one, index) => {
      const bus = Math.floor(index / DEVICES_PER_BUS);
      const place = bus * SLOTS + 1 + index % DEVICES_PER_BUS;
      this.#configurations.set(place, deviceConfiguration(one));
    });
    const last = Math.ceil(functions.length / DEVICES_PER_BUS) - 1;
    for (let bus = 0; bus < last; bus++) {
      this.#configurations.set(bus * SLOTS, bridgeConfiguration(bus, last));
    }
  }

  /** What the guest reads from one of the ports. */
  read(port: number, size: number): number {
    const word = port < PCI_DATA ? this.#address : this.#word();
    return word / 2 ** (8 * (port % 4)) % 2 ** (8 * size) >>> 0;
  }

  /** Takes what the guest writes. */
  write(port: number, size: number, value: number): void {
    if (port === PCI_ADDRESS && size === 4) this.#address = value;
  }

  /** The word that the address names: bus, slot and function, and an offset. */
  #word(): number {
    if (this.#address < ENABLE) return NOTHING;
    const place = this.#address >>> 11 & 0x1fff;
    const isFirst = (this.#address >>> 8 & 7) === 0;
    const configuration = isFirst ? this.#configurations.get(place) : undefined;
    return configuration === undefined ? NOTHING : configuration[this.#address & 0xfc] ?? 0;
  }
}

function deviceConfiguration({ type, port }: PciFunction): Configuration {
  return {
    0x00: pair(VENDOR.virtio, DEVICE.first + type - 1),
    0x04: COMMAND,
    0x10: port | IS_PORT,
    0x2c: pair(VENDOR.virtio, type),
    0x3c: PIN_A << 8 | LINE,
  };
}

/** A bridge to the next bus, and to those behind that. */
function bridgeConfiguration(bus: number, last: number): Configuration {
  return {
    0x00: pair(VENDOR.bridge, DEVICE.bridge),
    0x04: COMMAND,
    0x0c: TYPE_BRIDGE << 16,
    0x18: last << 16 | (bus + 1) << 8 | bus,
  };
}

function pair(low: number, high: number): number {
  return (high << 16 | low) >>> 0;
}
