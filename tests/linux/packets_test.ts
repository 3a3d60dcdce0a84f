/**
 * Packets through connected sockets, as another program finds them at its end.
 */
import { deepEqual, equal } from "node:assert/strict";
import { closeDescriptor } from "../../linux/libc.ts";
import { packetPair } from "../../linux/packet_pair.ts";
import { endPackets, receivePacket, sendPacket } from "../../linux/packets.ts";
import { readOnce } from "../../linux/transfer.ts";

Deno.test("packets: an end that is closed without being read is no error at the other", () => {
  const [mine, others] = packetPair();
  sendPacket(others, Uint8Array.of(1, 2));
  sendPacket(mine, Uint8Array.of(3));
  endPackets(mine);
  closeDescriptor(mine);
  const room = new Uint8Array(10);
  // As a guest of spt reads it.
  deepEqual([readOnce(others, room), room[0]], [1, 3]);
  equal(readOnce(others, room), 0);
  closeDescriptor(others);
});

Deno.test("packets: an empty one is not the end", () => {
  const [mine, others] = packetPair();
  const room = new Uint8Array(10);
  sendPacket(others, new Uint8Array());
  equal(receivePacket(mine, room), 0);
  equal(receivePacket(mine, room), "none");
  closeDescriptor(others);
  equal(receivePacket(mine, room), "closed");
  closeDescriptor(mine);
});

Deno.test("packets: an empty one is not the end where more follows, though the other end is closed", () => {
  const [mine, others] = packetPair();
  const room = new Uint8Array(10);
  sendPacket(others, new Uint8Array());
  sendPacket(others, Uint8Array.of(7));
  closeDescriptor(others);
  deepEqual([receivePacket(mine, room), receivePacket(mine, room), room[0]], [0, 1, 7]);
  equal(receivePacket(mine, room), "closed");
  closeDescriptor(mine);
});

Deno.test("packets: an end whose other is closed, read or not, is closed", () => {
  for (const unread of [false, true]) {
    const [mine, others] = packetPair();
    if (unread) equal(sendPacket(mine, Uint8Array.of(1)), "sent");
    closeDescriptor(others);
    equal(sendPacket(mine, Uint8Array.of(2)), "closed");
    closeDescriptor(mine);
  }
});
