/**
 * Puts faults into a run, as an observer between the guest and the world: what a recorder writes down, and
 * what else looks on, is what the guest gets.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import type { GuestBytes, OpenDevice } from "../devices/kind.ts";
import { kindOf } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import {
  type FaultChance,
  type FaultyPart,
  type InjectedFault,
  type Injector,
  partOf,
} from "../inject/faults.ts";
import type { Observer } from "./observer.ts";
import type { World } from "./world.ts";

/** Makes an observer that puts in faults. It has to be the one closest to the host. */
export function injectFaults(guest: Guest, inject: Injector): Observer {
  return { world: (world) => faulty(world, { guest, inject }) };
}

/** Asks for a fault at the next chance of a part. */
type Ask = (chance: Omit<FaultChance, "number">) => InjectedFault | undefined;

function faulty(
  world: World,
  { guest, inject }: { guest: Guest; inject: Injector },
): World {
  const counts: Record<FaultyPart, number> = { net: 0, block: 0, clock: 0 };
  const ask: Ask = (chance) => {
    const fault = inject({ ...chance, number: counts[chance.part]++ });
    if (fault === undefined || partOf(fault.kind) === chance.part) return fault;
    throw new TenderError("option", `inject: ${fault.kind} at a chance of ${chance.part}`);
  };
  const devices = world.devices.map((device, index) => {
    const { name } = guest.devices[index]!;
    return kindOf(device.properties).unit === "frame"
      ? faultyNet(device, { name, ask })
      : { device: faultyBlock(device, { name, ask }), kept: () => false };
  });
  // A frame that comes twice is there, though the host's descriptor has nothing to read.
  const kept = () =>
    devices.reduce((set, { kept }, at) => kept() ? set | 1n << BigInt(at + 1) : set, 0n);
  return {
    ...world,
    devices: devices.map(({ device }) => device),
    ready: (handles) => world.ready(handles) | kept() & handles,
    wallClock: faultyClock(world, ask),
  };
}

function faultyClock(world: World, ask: Ask): () => bigint {
  const chance = { part: "clock", access: "read", device: "", offset: 0, length: 0 } as const;
  let ahead = 0n;
  return () => {
    const fault = ask(chance);
    if (fault?.kind === "clock-jump") ahead += BigInt(Math.round(fault.nanoseconds));
    const now = world.wallClock() + ahead;
    return now < 0n ? 0n : now;
  };
}

/** A device with faults. */
interface Faulty {
  readonly name: string;
  readonly ask: Ask;
}

function faultyNet(
  device: OpenDevice,
  { name, ask }: Faulty,
): { device: OpenDevice; kept: () => boolean } {
  const chance = { part: "net", device: name, offset: 0 } as const;
  let again: GuestBytes | undefined;
  const faulty: OpenDevice = {
    ...device,
    read(data, offset) {
      if (again !== undefined) {
        const count = Math.min(again.length, data.length);
        data.set(again.subarray(0, count));
        again = undefined;
        return count;
      }
      const count = device.read(data, offset);
      if (count < 0) return count;
      const fault = ask({ ...chance, access: "read", length: count });
      if (fault?.kind === "net-drop") return -RESULT.AGAIN;
      if (fault?.kind === "net-duplicate") again = data.slice(0, count);
      if (fault?.kind === "net-flip") flip(data.subarray(0, count), fault.bit);
      return count;
    },
    write(data, offset) {
      const fault = ask({ ...chance, access: "write", length: data.length });
      if (fault?.kind === "net-drop") return RESULT.OK;
      // The guest's own bytes stay as they are.
      const sent = fault?.kind === "net-flip" ? data.slice() : data;
      if (fault?.kind === "net-flip") flip(sent, fault.bit);
      const result = device.write(sent, offset);
      if (fault?.kind === "net-duplicate" && result === RESULT.OK) device.write(sent, offset);
      return result;
    },
  };
  return { device: faulty, kept: () => again !== undefined };
}

function flip(frame: GuestBytes, bit: number): void {
  if (frame.length === 0) return;
  const at = bit % (8 * frame.length);
  frame[at >> 3]! ^= 1 << (at & 7);
}

function faultyBlock(device: OpenDevice, { name, ask }: Faulty): OpenDevice {
  const chance = { part: "block", device: name } as const;
  /** The block on the device. */
  const whole = ({ length }: GuestBytes, offset: number): GuestBytes => {
    const block = new Uint8Array(length);
    device.read(block, offset);
    return block;
  };
  return {
    ...device,
    read(data, offset) {
      const fault = ask({ ...chance, access: "read", offset, length: data.length });
      if (fault === undefined) return device.read(data, offset);
      if (fault.kind === "block-torn") data.set(whole(data, offset).subarray(0, fault.bytes));
      return -RESULT.EUNSPEC;
    },
    write(data, offset) {
      const fault = ask({ ...chance, access: "write", offset, length: data.length });
      if (fault === undefined) return device.write(data, offset);
      if (fault.kind === "block-torn") {
        const torn = whole(data, offset);
        torn.set(data.subarray(0, fault.bytes));
        device.write(torn, offset);
      }
      return RESULT.EUNSPEC;
    },
  };
}
