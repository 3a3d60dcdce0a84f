/**
 * A guest's memory as the tenders of these tests hand it to the emulated CPU.
 *
 * @module
 */
import { LOWEST_ADDRESS } from "../../../abi/solo5.ts";
import type { BootArea, Guest } from "../../../tender/guest.ts";
import type { Protection } from "../../../tender/hvt/machine.ts";
import type { Emulator } from "./unicorn.ts";

/** Where the boot area lies on both targets; nothing is mapped below. */
export const BOOT_START = 0x1_0000;

interface Allowed {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

const ROOM: Allowed = { read: true, write: true, execute: false };

/** Memory, and the ranges of it that the guest may not both read and write. */
export interface GuestMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly restrictions: readonly Protection[];
}

/** Fills a guest's memory and maps it: the boot area, the unikernel's segments, and zeros. */
export function loadGuest(
  cpu: Emulator,
  guest: Guest,
  boot: { address: number; area: BootArea; write: boolean },
): GuestMemory {
  const { unikernel: { segments }, memorySize } = guest;
  const bytes = new Uint8Array(memorySize);
  bytes.set(boot.area.bytes, boot.address);
  for (const { address, data } of segments) bytes.set(data, address);
  const map = (start: number, end: number, allowed: Allowed) => {
    if (start < end) cpu.map(start, bytes.subarray(start, end), allowed);
  };
  map(BOOT_START, LOWEST_ADDRESS, { ...ROOM, write: boot.write });
  let mapped = LOWEST_ADDRESS;
  for (const segment of segments) {
    map(mapped, segment.start, ROOM);
    // Code can be read, whatever its header says.
    map(segment.start, segment.end, { ...segment, read: segment.read || segment.execute });
    mapped = segment.end;
  }
  map(mapped, memorySize, ROOM);
  return {
    bytes,
    restrictions: [
      { start: 0, end: BOOT_START, read: false, write: false },
      { start: BOOT_START, end: LOWEST_ADDRESS, read: true, write: boot.write },
      ...segments,
    ],
  };
}
