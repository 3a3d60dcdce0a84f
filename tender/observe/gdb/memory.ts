/**
 * Guest memory as a debugger sees it: all of it, whatever the segments forbid, and with the original
 * instructions in the places of breakpoints.
 *
 * @module
 */

/** `int3` */
const BREAKPOINT = 0xcc;

/** Guest memory, and the breakpoints that are written into it. */
export class DebugMemory {
  /** The memory as it is, breakpoints included. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes that breakpoints replace, by address. */
  readonly #covered = new Map<number, number>();

  /** `bytes` is a mapping that may be read and written everywhere. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  /** A copy of memory, cut off where memory ends; undefined if the address lies outside of it. */
  read(address: number, length: number): Uint8Array | undefined {
    if (address >= this.bytes.length) return undefined;
    const copy = this.bytes.slice(address, address + length);
    for (const [place, byte] of this.#covered) {
      if (place >= address && place < address + copy.length) copy[place - address] = byte;
    }
    return copy;
  }

  /** Writes to memory; breakpoints stay. Returns false, and writes nothing, if not all of it is memory. */
  write(address: number, data: Uint8Array): boolean {
    if (address + data.length > this.bytes.length) return false;
    this.bytes.set(data, address);
    for (const place of this.#covered.keys()) {
      if (place < address || place >= address + data.length) continue;
      this.#covered.set(place, data[place - address]!);
      this.bytes[place] = BREAKPOINT;
    }
    return true;
  }

  /** Sets a breakpoint; false if the address lies outside of memory. */
  insert(address: number): boolean {
    if (address >= this.bytes.length) return false;
    if (!this.#covered.has(address)) this.#covered.set(address, this.bytes[address]!);
    this.bytes[address] = BREAKPOINT;
    return true;
  }

  /** Removes a breakpoint, if there is one. */
  remove(address: number): void {
    const byte = this.#covered.get(address);
    if (byte === undefined) return;
    this.bytes[address] = byte;
    this.#covered.delete(address);
  }

  /** Removes every breakpoint. */
  clear(): void {
    for (const address of [...this.#covered.keys()]) this.remove(address);
  }

  /** Whether there is a breakpoint at an address. */
  hasBreakpoint(address: number): boolean {
    return this.#covered.has(address);
  }

  /** Whether there is any breakpoint. */
  get hasBreakpoints(): boolean {
    return this.#covered.size > 0;
  }
}
