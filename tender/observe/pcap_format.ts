/**
 * Frames in the file format of pcap, which tcpdump and Wireshark read. Source: pcap-savefile(5), with
 * times in nanoseconds.
 *
 * @module
 */
import { i32, struct, u16, u32 } from "../../abi/layout.ts";

/** A frame that a guest received or sent. */
export interface Frame {
  /** When it passed, in nanoseconds since the Unix epoch. */
  readonly time: bigint;
  /** Whether the guest sent it; if not, it received it. */
  readonly sent: boolean;
  /** The whole frame, from the Ethernet header on. */
  readonly bytes: Uint8Array;
}

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

/** The header of a capture file; the records of its frames follow. */
export const PCAP_HEADER: Uint8Array = FileHeader.encode({
  magic: MAGIC_NANOSECONDS,
  major: 2,
  minor: 4,
  frameMax: FRAME_MAX,
  linkType: LINKTYPE_ETHERNET,
});

/** Encodes a frame as a record of a capture file: in one piece, so that it is written whole. */
export function pcapRecord({ time, bytes: frame }: Frame): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RecordHeader.size + frame.length);
  bytes.set(RecordHeader.encode({
    seconds: Number(time / NANOSECONDS),
    nanoseconds: Number(time % NANOSECONDS),
    captured: frame.length,
    length: frame.length,
  }));
  bytes.set(frame, RecordHeader.size);
  return bytes;
}
