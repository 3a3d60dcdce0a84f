/**
 * Exits as the kernel leaves them in the page that it shares, one of each kind.
 */
import { deepEqual } from "node:assert/strict";
import { EXIT_REASON, IO_OUT, Run } from "../../../tender/kvm/abi.ts";
import { type Exit, readExit } from "../../../tender/kvm/exit.ts";

type Fields = Partial<Record<keyof typeof Run.offsets, number | bigint>>;

/** Where the data of an `out` lie here. */
const DATA = 0x1000;
/** What lies there. */
const VALUE = 0x8765_4321;

/** A page with these fields; every other byte is set, so that none is taken for a zero. */
function pageOf(fields: Fields): DataView {
  const page = new DataView(new ArrayBuffer(0x2000));
  new Uint8Array(page.buffer).fill(0xee);
  page.setUint32(DATA, VALUE, true);
  for (const [name, value] of Object.entries(fields)) {
    const field = name as keyof typeof Run.offsets;
    const bytes = new Uint8Array(BigUint64Array.of(BigInt(value)).buffer, 0, Run.sizes[field]);
    new Uint8Array(page.buffer).set(bytes, Run.offsets[field]);
  }
  return page;
}

const { io, mmio } = EXIT_REASON;
const OUT = { exitReason: io, ioDirection: IO_OUT, ioDataOffset: DATA, ioPort: 0x508 };
const WRITE = { exitReason: mmio, mmioPhysAddr: 2n ** 40n, mmioLen: 8, mmioIsWrite: 1 };

const EXITS: Readonly<Record<string, [Fields, Exit]>> = {
  "an out of a double word": [
    { ...OUT, ioSize: 4, ioCount: 1 },
    { kind: "io", out: true, port: 0x508, size: 4, count: 1, value: VALUE },
  ],
  "an out of a word, repeated": [
    { ...OUT, ioSize: 2, ioCount: 70000 },
    { kind: "io", out: true, port: 0x508, size: 2, count: 70000, value: 0x4321 },
  ],
  "an in of a byte": [
    { ...OUT, ioDirection: 0, ioSize: 1, ioCount: 1 },
    { kind: "io", out: false, port: 0x508, size: 1, count: 1, value: 0x21 },
  ],
  "a write to no memory": [
    WRITE,
    { kind: "mmio", address: 2n ** 40n, length: 8, write: true },
  ],
  "a read of no memory": [
    { ...WRITE, mmioIsWrite: 0, mmioLen: 1 },
    { kind: "mmio", address: 2n ** 40n, length: 1, write: false },
  ],
  "a halt": [{ exitReason: EXIT_REASON.hlt }, { kind: "hlt" }],
  "a triple fault": [{ exitReason: EXIT_REASON.shutdown }, { kind: "shutdown" }],
  "a state that the hardware refuses": [
    { exitReason: EXIT_REASON.failEntry, failEntryReason: 2n ** 63n + 33n },
    { kind: "fail_entry", reason: 2n ** 63n + 33n },
  ],
  "an error of KVM's own": [
    { exitReason: EXIT_REASON.internalError, internalSuberror: 1 },
    { kind: "internal_error", suberror: 1 },
  ],
  "an exception": [
    { exitReason: EXIT_REASON.exception, exceptionVector: 14 },
    { kind: "exception", vector: 14 },
  ],
  "an interruption": [{ exitReason: EXIT_REASON.intr }, { kind: "intr" }],
  "what this tender does not know": [{ exitReason: 999 }, { kind: "unknown", reason: 999 }],
};

for (const [what, [fields, exit]] of Object.entries(EXITS)) {
  Deno.test(`kvm exit: ${what}`, () => deepEqual(readExit(pageOf(fields)), exit));
}
