/**
 * The program that sends standard input to a guest: its code against an independent reader, and at work.
 */
import { deepEqual, equal } from "node:assert/strict";
import { memoryFile } from "../../linux/exec.ts";
import { makeInheritable } from "../../linux/inherit.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { packetPair } from "../../linux/packet_pair.ts";
import { receivePacket, sendPacket } from "../../linux/packets.ts";
import { pumpCode, pumpProgram } from "../../linux/pump.ts";
import { untilReady } from "../../linux/until_ready.ts";
import { missingTool, testUnless } from "../needs.ts";
import { checkListing } from "./machine_code.ts";

const elsewhere = Deno.build.arch === "x86_64" ? undefined : "only on x86_64";

testUnless(
  missingTool("objdump"),
  "pump: objdump reads the instructions that the comments name",
  async () => {
    const socket = 0x1234567;
    await checkListing("linux/pump.ts", pumpCode(socket).bytes, {
      names: { SOCKET: socket, DATA: 0x60_0000 },
      least: 60,
    });
  },
);

/** The next packet that the program sends. */
async function next(fd: number): Promise<Uint8Array> {
  const room = new Uint8Array(70_000);
  for (;;) {
    const length = receivePacket(fd, room);
    if (typeof length === "number") return room.slice(0, length);
    equal(length, "none");
    await untilReady(fd, "readable");
  }
}

testUnless(
  elsewhere,
  "pump: sends no more pieces than were acknowledged and four, and then the end",
  async () => {
    const [mine, its] = packetPair();
    const file = memoryFile("pump", pumpProgram(its));
    makeInheritable(its);
    const child = new Deno.Command(file.path, { stdin: "piped", stdout: "null" }).spawn();
    closeDescriptor(its);
    file.close();
    const size = 10 * 0x8000 + 5;
    const input = Uint8Array.from({ length: size }, (_, at) => at * 7 + (at >> 8));
    const writer = child.stdin.getWriter();
    const written = writer.write(input).then(() => writer.close());
    const received: number[] = [];
    for (let unread = 0;;) {
      const packet = await next(mine);
      if (packet[0] === 2) break;
      equal(packet[0], 0);
      received.push(...packet.subarray(1));
      if (++unread < 4) continue;
      // It waits now, however much there is to read.
      equal(receivePacket(mine, new Uint8Array(1)), "none");
      for (; unread > 0; unread--) sendPacket(mine, Uint8Array.of(1));
    }
    await written;
    deepEqual(Uint8Array.from(received), input);
    closeDescriptor(mine);
    equal((await child.status).code, 0);
  },
);

testUnless(elsewhere, "pump: ends with the guest, though its input goes on", async () => {
  const [mine, its] = packetPair();
  const file = memoryFile("pump", pumpProgram(its));
  makeInheritable(its);
  const child = new Deno.Command(file.path, { stdin: "piped", stdout: "null" }).spawn();
  closeDescriptor(its);
  file.close();
  closeDescriptor(mine);
  equal((await child.status).code, 0);
  await child.stdin.close();
});
