/**
 * Captures: the frames of network devices, in the file format of pcap, which tcpdump and Wireshark
 * read. Source: pcap-savefile(5), with times in nanoseconds.
 *
 * @module
 */
import { i32, struct, u16, u32 } from "../../../abi/layout.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { realtime } from "../../host/clock.ts";
import type { Observer } from "../observer.ts";
import type { Output } from "./output.ts";

const FileHeader = struct({
  magic: u32,
  major: u16,
  minor: u16,
  zone: i32,
  accuracy: u32,
  frameMax: u32,
  linkType: u32,
});
const RecordHeader = struct({ seconds: u32, nanoseconds: u32, captured: u32, length: u32 });

const MAGIC_NANOSECONDS = 0xa1b2_3c4d;
const LINKTYPE_ETHERNET = 1;
/** Longer than any frame: an MTU of 65535 with its header. */
const FRAME_MAX = 0x4_0000;
const NANOSECONDS = 1_000_000_000n;

/** What a capture begins with. */
export const CAPTURE_HEADER: Uint8Array = FileHeader.encode({
  magic: MAGIC_NANOSECONDS,
  major: 2,
  minor: 4,
  frameMax: FRAME_MAX,
  linkType: LINKTYPE_ETHERNET,
});

/**
 * Makes an observer that writes down the frames which a guest reads and sends, each as it passes, so
 * that a run which is killed leaves a whole file.
 *
 * @param captures outputs by the device's handle, which begin with {@linkcode CAPTURE_HEADER}
 */
export function captureFrames(captures: ReadonlyMap<number, Output>): Observer {
  const capture = (handle: number, frame: Uint8Array) => captures.get(handle)?.write(record(frame));
  return {
    world: (world) => ({
      ...world,
      netRead(handle, data) {
        const count = world.netRead(handle, data);
        if (count > 0) capture(handle, data.subarray(0, count));
        return count;
      },
      netWrite(handle, data) {
        const result = world.netWrite(handle, data);
        if (result === RESULT.OK) capture(handle, data);
        return result;
      },
    }),
  };
}

/** A frame with its header: one piece, so that it is written whole. */
function record(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const now = realtime();
  const bytes = new Uint8Array(RecordHeader.size + frame.length);
  bytes.set(RecordHeader.encode({
    seconds: Number(now / NANOSECONDS),
    nanoseconds: Number(now % NANOSECONDS),
    captured: frame.length,
    length: frame.length,
  }));
  bytes.set(frame, RecordHeader.size);
  return bytes;
}
