/**
 * Guests of a few instructions, put together byte by byte: what no compiler would write.
 *
 * Code lies at {@linkcode CODE}, read-only; a page of data follows at {@linkcode DATA}.
 *
 * @module
 */
import { HYPERCALL, type Hypercall, HYPERCALL_PORT } from "../../../abi/hvt.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { makeUnikernel, type Segment } from "../../../elftool/unikernel.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import type { Device, Properties } from "../../../tender/devices/kinds.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";

export const CODE = 0x10_0000;
export const DATA = 0x10_1000;
export const MEMORY = 0x20_0000;

/** Instructions. */
export const asm = {
  /** mov edx, port; mov eax, value; out dx, eax */
  out32: (port: number, value: number) => [0xba, ...word(port), 0xb8, ...word(value), 0xef],
  /** mov edx, port; out dx, al */
  out8: (port: number) => [0xba, ...word(port), 0xee],
  /** mov edx, port; in eax, dx */
  in32: (port: number) => [0xba, ...word(port), 0xed],
  /** mov dword [address], eax, the address absolute and 32 bits */
  store: (address: number) => [0x89, 0x04, 0x25, ...word(address)],
  /** mov eax, [address] */
  load: (address: number) => [0x8b, 0x04, 0x25, ...word(address)],
  hlt: [0xf4],
  ud2: [0x0f, 0x0b],
  hypercall: (name: Hypercall, block: number) => asm.out32(HYPERCALL_PORT + HYPERCALL[name], block),
};

/** What a tiny guest is given. */
export interface TinyOptions {
  readonly data?: Uint8Array;
  readonly memorySize?: number;
  /** Where its heap begins; after its data if not given. */
  readonly kernelEnd?: number;
  readonly args?: string[];
  /** Its manifest declares just these, in this order. */
  readonly devices?: Readonly<Record<string, Device>>;
}

/** A guest that runs `code`, and has `data` in its writable page. */
export function tinyGuest(
  code: readonly number[],
  options: TinyOptions = {},
): Guest {
  const end = DATA + 0x1000;
  const devices = options.devices ?? {};
  const unikernel = makeUnikernel({
    name: "tiny.hvt",
    architecture: "x86_64",
    entry: CODE,
    segments: [
      segment(CODE, Uint8Array.from(code), { read: true, write: false, execute: true }),
      segment(DATA, options.data ?? new Uint8Array(1), {
        read: true,
        write: true,
        execute: false,
      }),
    ],
    kernelEnd: options.kernelEnd ?? end,
    abi: { target: "hvt", version: 2 },
    manifest: { devices: Object.entries(devices).map(([name, { type }]) => ({ name, type })) },
  });
  return bind(unikernel, { memory: options.memorySize ?? MEMORY, args: options.args, devices });
}

/** A world that the test controls. It keeps what is written, and every device fails. */
export function fakeWorld(
  devices: readonly Properties[] = [],
): WaitingWorld & { written: string; now: bigint; readable: bigint } {
  return {
    devices: devices.map(fakeDevice),
    written: "",
    now: 1_000n,
    readable: 0n,
    wallClock: () => 1_700_000_000_123_456_789n,
    monotonic() {
      return this.now;
    },
    write(data) {
      this.written += new TextDecoder().decode(data);
      return true;
    },
    ready(handles) {
      return this.readable & handles;
    },
    wait: () => {},
    waitApart: () => Promise.resolve(),
    wake: () => {},
  };
}

/** A device whose requests fail. */
export function fakeDevice(properties: Properties): OpenDevice {
  const common = {
    properties,
    descriptors: [],
    read: () => -RESULT.EUNSPEC,
    write: () => RESULT.EUNSPEC,
    save: () => ({ version: 1, properties }),
    restore: () => {},
    [Symbol.dispose]: () => {},
  };
  if (properties.type !== "BLOCK_BASIC") {
    const hypercalls = { read: "net_read", write: "net_write" } as const;
    return { ...common, hypercalls, accepts: () => true };
  }
  const { capacity, blockSize } = properties;
  return {
    ...common,
    hypercalls: { read: "block_read", write: "block_write" },
    accepts: (offset, length) =>
      length === blockSize && offset % blockSize === 0 && offset <= capacity - length,
  };
}

function segment(
  address: number,
  data: Uint8Array,
  access: Pick<Segment, "read" | "write" | "execute">,
): Segment {
  return { address, data, start: address, end: address + 0x1000, ...access };
}

function word(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}
