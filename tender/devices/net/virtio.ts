/**
 * Network devices on virtio (virtio 1.2, section 5.1): a request is a frame, or memory for one.
 *
 * @module
 */
import { at, bytes, struct, u16 } from "../../../abi/layout.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { gather, scatter, sizeOf } from "../pieces.ts";
import type { VirtioKind } from "../kind.ts";
import { FRAME_HEADER, frameSize, LARGEST_MTU, type NetProperties } from "./backing.ts";

/** Numbers of the queues. */
const RECEIVE = 0;
const TRANSMIT = 1;

const FEATURE_MTU = 1 << 3;
const FEATURE_MAC = 1 << 5;

const Config = struct({ mac: bytes(6), mtu: at(10, u16) });

/** What comes before each frame; zero where nothing is left to the other side. In bytes. */
const HEADER_SIZE = 10;

/** The largest frame that there can be, in bytes. */
const FRAME_MAX = frameSize(LARGEST_MTU);

/** What a frame is received into, with its header. */
const received = new Uint8Array(HEADER_SIZE + FRAME_MAX);

/** See {@linkcode VirtioKind}. */
export const virtioNet: VirtioKind<NetProperties> = {
  type: 1,
  queues: 2,
  input: RECEIVE,
  describe: ({ mac, mtu }) => ({
    features: FEATURE_MTU | FEATURE_MAC,
    config: Config.encode({ mac, mtu }),
  }),
  serve(device, { readable, writable }, queue) {
    if (queue === TRANSMIT) {
      // What is no frame is lost, as on a cable.
      const size = sizeOf(readable) - HEADER_SIZE;
      if (size < FRAME_HEADER || size > FRAME_MAX) return 0;
      return device.write(gather(readable, HEADER_SIZE), 0) === RESULT.AGAIN ? undefined : 0;
    }
    const count = device.read(received.subarray(HEADER_SIZE), 0);
    return count < 0 ? undefined : scatter(writable, received.subarray(0, HEADER_SIZE + count));
  },
};
