/**
 * A network cable for tests: two connected sockets that keep frames apart.
 *
 * @module
 */
import { check, closeDescriptor, libc } from "../../../linux/libc.ts";
import { duplicateNonblocking, readOnce, writeOnce } from "../../../linux/transfer.ts";

const c = libc({ socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" } });

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;

/** Two ends of a cable; the guest's is open to programs that this process starts. */
export interface SocketPair extends Disposable {
  /** The end to give to a guest. */
  readonly guest: number;
  /** Sends a frame to the guest's end. */
  send(frame: Uint8Array): void;
  /** The next frame that came from the guest's end; undefined if there is none. */
  receive(): Uint8Array | undefined;
}

/** Makes a cable; `datagrams`: of sockets that do not tell when the other end is closed. */
export function socketPair({ datagrams = false }: { datagrams?: boolean } = {}): SocketPair {
  const ends = new Int32Array(2);
  const type = datagrams ? SOCK_DGRAM : SOCK_SEQPACKET;
  check(c.socketpair(AF_UNIX, type, 0, ends), "socketpair");
  const guest = ends[0]!;
  // The guest's end stays one that blocks: to change that is the tender's task.
  const test = duplicateNonblocking(ends[1]!);
  closeDescriptor(ends[1]!);
  const room = new Uint8Array(0x2_0000);
  return {
    guest,
    send: (frame) => void check(writeOnce(test, Uint8Array.from(frame)), "write"),
    receive: () => {
      const count = readOnce(test, room);
      return count < 0 ? undefined : room.slice(0, count);
    },
    [Symbol.dispose]: () => [guest, test].forEach(closeDescriptor),
  };
}

/** Waits until the guest has sent a frame. */
export async function nextFrame(pair: SocketPair): Promise<Uint8Array> {
  for (let tries = 0; tries < 5000; tries++) {
    const received = pair.receive();
    if (received !== undefined) return received;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("no frame came");
}
