/**
 * Network cables between a machine of QEMU and a test: a frame is a datagram on the loopback interface.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkCard } from "../../../tender/devices/net/emulated.ts";
import type { QemuDevice } from "../../../tender/virtio/qemu.ts";

/** A cable. */
export interface Cable extends AsyncDisposable {
  /** The end to give to a machine. */
  readonly device: QemuDevice;
  /** Sends a frame to the machine. */
  send(frame: Uint8Array): void;
  /** The next frame from the machine. */
  receive(): Promise<Uint8Array>;
}

const HOST = "127.0.0.1";

/** What a cable's device is like. */
interface CableOptions {
  readonly mtu?: number;
  readonly mac?: Uint8Array;
}

/** Makes a cable. */
export async function plug(options: CableOptions = {}): Promise<Cable> {
  const [cable] = await plugAll(1, options);
  return cable!;
}

/** Makes cables. */
export async function plugAll(count: number, options: CableOptions = {}): Promise<Cable[]> {
  const pairs: [Socket, Socket][] = [];
  for (let made = 0; made < count; made++) pairs.push([await open(), await open()]);
  // QEMU takes one port of each pair. Given up earlier, it could become that of another cable.
  return await Promise.all(pairs.map(async ([socket, other]) => {
    const from = other.address().port;
    await close(other);
    return cableOf(socket, { ...options, from });
  }));
}

function cableOf(socket: Socket, { from, ...options }: CableOptions & { from: number }): Cable {
  const to = socket.address().port;
  const frames: Uint8Array[] = [];
  const waiting: ((frame: Uint8Array) => void)[] = [];
  socket.on("message", (message) => {
    const frame = new Uint8Array(message);
    const next = waiting.shift();
    if (next === undefined) frames.push(frame);
    else next(frame);
  });
  return {
    device: networkCard(`socket,udp=${HOST}:${to},localaddr=${HOST}:${from}`, options),
    send: (frame) => socket.send(frame, from, HOST),
    receive: () =>
      new Promise((resolve) => {
        const frame = frames.shift();
        if (frame === undefined) waiting.push(resolve);
        else resolve(frame);
      }),
    [Symbol.asyncDispose]: () => close(socket),
  };
}

async function open(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, HOST);
  await once(socket, "listening");
  return socket;
}

async function close(socket: Socket): Promise<void> {
  const closed = once(socket, "close");
  socket.close();
  await closed;
}
