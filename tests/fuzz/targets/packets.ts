/**
 * Fuzzes what a debugger sends: any bytes are packets, damaged packets or nothing, and every packet has
 * an answer.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { encodePacket, PACKET_MAX, PacketReader } from "../../../tender/observe/gdb/packet.ts";
import { answer, type DebugTarget } from "../../../tender/observe/gdb/stub.ts";
import { Fpu, Regs, Sregs } from "../../../tender/kvm/abi.ts";
import type { FuzzTarget } from "../target.ts";

const MEMORY = 0x20_0000;
const PACKETS = ["g", "p10", "P10=0011223344556677", "m100000,40", "M100000,2:0102", "X100000,1:}"]
  .concat(["Z0,100000,1", "z2,100000,8", "vCont;s:1;c", "c100000", "s", "D", "H0", "qSupported"])
  .concat(["qXfer:features:read:target.xml:0,fff", "qGetTLSAddr:1,0,0", "qRcmd,68656c70", "G00"])
  .concat(["P18=00000000", `P1a=${"01".repeat(10)}`, "P22=01000000", "P2c=0011223344556677"])
  .concat([`G${"0123456789abcdef".repeat(70)}`]);

function inMemory(address: number, length: number): boolean {
  return Number.isSafeInteger(address) && address >= 0 && length >= 0 && address + length <= MEMORY;
}

const state = () => ({
  general: Regs.read(new DataView(new ArrayBuffer(Regs.size)), 0),
  special: Sregs.read(new DataView(new ArrayBuffer(Sregs.size)), 0),
  floating: new Uint8Array(Fpu.size),
});

const target: DebugTarget = {
  readState: state,
  writeState({ general }) {
    if (general.rip >> 63n !== 0n) throw new Error("no CPU stands there");
  },
  readMemory(address, length) {
    ok(length <= PACKET_MAX, "more than fits into a packet");
    return inMemory(address, length) ? new Uint8Array(length) : undefined;
  },
  writeMemory: (address, bytes) => inMemory(address, bytes.length),
  insert: ({ address }) => inMemory(address, 1),
  remove: () => {},
  tlsSize: 16,
  monitor: (text) => ({ text }),
};

/** Bytes of a connection. */
export const packets: FuzzTarget = {
  name: "packets",
  covers: ["packet", "registers", "stub"].map((file) => `tender/hvt/gdb/${file}.ts`),
  seeds: () => PACKETS.map((content) => encodePacket(content)),
  run(input) {
    const reader = new PacketReader();
    const half = input.length >> 1;
    const received = [
      ...reader.read(input.subarray(0, half)),
      ...reader.read(input.subarray(half)),
    ];
    for (const one of received) if (one.kind === "packet") answerTo(one.content);
    // The checksum catches most damage, so the content is tried without it as well.
    answerTo(String.fromCharCode(...input.subarray(1, PACKET_MAX)));
  },
};

function answerTo(content: string): void {
  const { reply } = answer(target, content);
  if (reply !== undefined) encodePacket(reply);
}
