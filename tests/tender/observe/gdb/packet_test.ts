import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bytesOf,
  encodePacket,
  fromHex,
  PACKET_MAX,
  PacketReader,
  toHex,
} from "../../../../tender/observe/gdb/packet.ts";

const content = fc.uint8Array({ maxLength: 200 }).map((bytes) => String.fromCharCode(...bytes));

Deno.test("packet: what is encoded is read again, however it is cut, among noise", () => {
  fc.assert(fc.property(fc.array(content), fc.integer({ min: 1, max: 50 }), (contents, piece) => {
    const reader = new PacketReader();
    const stream = contents.flatMap((text) => [0x2b, ...encodePacket(text)]);
    const received = [];
    for (let at = 0; at < stream.length; at += piece) {
      received.push(...reader.read(Uint8Array.from(stream.slice(at, at + piece))));
    }
    assert.deepEqual(received, contents.map((content) => ({ kind: "packet", content })));
  }));
});

Deno.test("packet: damage is told, and what follows is read", () => {
  const read = (text: string) => new PacketReader().read(bytesOf(text));
  const ok = { kind: "packet", content: "OK" };
  assert.deepEqual(read("$OK#9a"), [ok]);
  assert.deepEqual(read("$OK#9b$OK#9a"), [{ kind: "damaged" }, ok]);
  assert.deepEqual(read("$OK#zz$OK#9a"), [{ kind: "damaged" }, ok]);
  assert.deepEqual(read("$cut sho$OK#9a"), [ok]);
  assert.deepEqual(read("noise-\x03$OK#9a"), [{ kind: "again" }, { kind: "interrupt" }, ok]);
  assert.deepEqual(read(`$${"x".repeat(PACKET_MAX + 1)}#00$OK#9a`), [{ kind: "damaged" }, ok]);
});

Deno.test("packet: hexadecimal digits, and nothing else", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(fromHex(toHex(bytes)), new Uint8Array(bytes));
  }));
  for (const text of ["0", "0g", " 0", "0x00", "\u0660\u0661"]) {
    assert.equal(fromHex(text), undefined);
  }
});
