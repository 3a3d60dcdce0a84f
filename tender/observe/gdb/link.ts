/**
 * The connection to a debugger: one at a time, with packets in both directions, and a check for input
 * while the guest runs.
 *
 * @module
 */
import { InputSignal } from "../../../linux/input_signal.ts";
import { type Connection, type Endpoint, Listener, waitReadable } from "../../../linux/socket.ts";
import { encodePacket, PacketReader, type Received } from "./packet.ts";

/** What a check of the connection found. */
export type News = "nothing" | "interrupt" | "connected" | "disconnected";

const ACKNOWLEDGE = Uint8Array.of(0x2b);
const AGAIN = Uint8Array.of(0x2d);

/** An address where a debugger can connect, disconnect, and connect again. */
export class Link implements Disposable {
  /** The port that it listens on. */
  readonly port: number;
  readonly #listener: Listener;
  readonly #signal: InputSignal;
  readonly #resources: DisposableStack;
  #connection: Connection | undefined;
  #reader = new PacketReader();
  #waiting: Received[] = [];
  #acknowledge = true;
  /** The last reply, in case the debugger asks for it again. */
  #last: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** @throws {SystemError} if it cannot listen there */
  constructor(endpoint: Endpoint) {
    using resources = new DisposableStack();
    this.#signal = resources.use(new InputSignal());
    this.#listener = resources.use(new Listener(endpoint));
    this.#signal.watch(this.#listener.fd);
    this.port = this.#listener.port;
    this.#resources = resources.move();
  }

  /** Whether a debugger is connected. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Blocks until a debugger connects. */
  connect(): void {
    while (!this.#accept()) waitReadable(this.#listener.fd);
  }

  /** Blocks until a packet arrives; undefined if the connection is closed. */
  receive(): string | undefined {
    for (;;) {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        if (next.kind === "again") this.#connection?.send(this.#last);
        if (next.kind === "damaged" && this.#acknowledge) this.#connection?.send(AGAIN);
        if (next.kind !== "packet") continue;
        if (this.#acknowledge) this.#connection?.send(ACKNOWLEDGE);
        return next.content;
      }
      if (this.#connection === undefined) return undefined;
      waitReadable(this.#connection.fd);
      this.#read();
    }
  }

  /** Sends a packet, if a debugger is connected. */
  send(content: string): void {
    this.#last = encodePacket(content);
    this.#connection?.send(this.#last);
  }

  /** Stops acknowledging packets. */
  trust(): void {
    this.#acknowledge = false;
  }

  /** Checks the connection while the guest runs. Packets that arrive then are dropped. */
  look(): News {
    this.#signal.consume();
    if (this.#connection === undefined) return this.#accept() ? "connected" : "nothing";
    this.#read();
    if (this.#connection === undefined) return "disconnected";
    const interrupted = this.#waiting.some(({ kind }) => kind === "interrupt");
    this.#waiting = [];
    return interrupted ? "interrupt" : "nothing";
  }

  /** Closes the connection; another debugger can connect. */
  hangUp(): void {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
    this.#waiting = [];
  }

  [Symbol.dispose](): void {
    this.hangUp();
    this.#resources.dispose();
  }

  #accept(): boolean {
    this.#connection = this.#listener.accept();
    if (this.#connection === undefined) return false;
    this.#signal.watch(this.#connection.fd);
    this.#reader = new PacketReader();
    this.#acknowledge = true;
    return true;
  }

  #read(): void {
    const bytes = this.#connection?.receive();
    if (bytes === undefined) this.hangUp();
    else this.#waiting.push(...this.#reader.read(bytes));
  }
}
