import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { McpError } from "../../mcp/error.ts";
import { encodeFrame, FrameReader, MAX_FRAME } from "../../mcp/frame.ts";

const head = (length: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
};
const refused = (code: McpError["code"]) => (error: unknown) =>
  error instanceof McpError && error.code === code;

Deno.test("F1: a frame is a little-endian length and as much JSON", () => {
  const frame = encodeFrame({ a: "é" });
  deepEqual([...frame.subarray(0, 4)], [10, 0, 0, 0]);
  equal(new TextDecoder().decode(frame.subarray(4)), `{"a":"é"}`);
});

Deno.test("F2: 10 MiB pass, and one byte more is refused by both sides", () => {
  equal(MAX_FRAME, 10_485_760);
  const largest = "x".repeat(MAX_FRAME - 2);
  const frame = encodeFrame(largest);
  deepEqual(new FrameReader().push(frame), [largest]);
  throws(() => encodeFrame(`${largest}x`), refused("validation"));
  // By its head alone, before there is anything to allocate for.
  throws(() => new FrameReader().push(head(MAX_FRAME + 1)), refused("protocol"));
  throws(() => new FrameReader().push(head(0xffff_ffff)), refused("protocol"));
});

Deno.test("F3: a length of 0 is refused", () => {
  throws(() => new FrameReader().push(head(0)), refused("protocol"));
});

Deno.test("F4: what is no JSON, no UTF-8 or cut off is an error", () => {
  const bytes = (...all: number[]) => Uint8Array.of(...head(all.length), ...all);
  throws(() => new FrameReader().push(bytes(0x7b)), refused("protocol"));
  throws(() => new FrameReader().push(bytes(0x22, 0xff, 0x22)), refused("protocol"));
  for (const cut of [1, 4, 6]) {
    const reader = new FrameReader();
    deepEqual(reader.push(encodeFrame("cut").subarray(0, cut)), []);
    throws(() => reader.end(), refused("protocol"));
  }
});

Deno.test("F4: values that are no JSON are not sent", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [undefined, () => 0, 1n, circle]) {
    throws(() => encodeFrame(value), refused("validation"));
  }
});

Deno.test("F5: the end between two frames is none of an error", () => {
  const reader = new FrameReader();
  deepEqual(reader.push(encodeFrame(1)), [1]);
  reader.end();
});

Deno.test("F6: frames come out in order, however the bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.json().map((text) => JSON.parse(text) as unknown), { maxLength: 8 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 40 })),
    (messages, sizes) => {
      const stream = Uint8Array.from(messages.flatMap((message) => [...encodeFrame(message)]));
      const reader = new FrameReader();
      const read: unknown[] = [];
      for (let at = 0; at < stream.length;) {
        const size = sizes.next().value;
        read.push(...reader.push(stream.slice(at, at + size)));
        at += size;
      }
      reader.end();
      deepEqual(read, messages.map((message) => JSON.parse(JSON.stringify(message)) as unknown));
    },
  ));
});
