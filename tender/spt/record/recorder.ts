/**
 * Records a guest: answers its calls in the kernel's place, by the guest's own descriptors, and writes every
 * answer down.
 *
 * @module
 */
import { EpollEventX86 } from "../../../abi/spt.ts";
import { monotonic, realtime } from "../../../linux/clock.ts";
import { writeAll } from "../../../linux/console.ts";
import { POLLIN, STDOUT_FILENO } from "../../../linux/constants.ts";
import { closeDescriptor, ERRNO, errno, libc } from "../../../linux/libc.ts";
import { duplicateOf } from "../../../linux/other_process.ts";
import { timerDeadline } from "../../../linux/timer.ts";
import type { Outcome } from "../../outcome.ts";
import { addCheck } from "../../record/call_check.ts";
import { Hash } from "../../record/hash.ts";
import type { Input } from "../../record/inputs.ts";
import { InputRecorder } from "../../record/recorder.ts";
import type { RecordingWriter } from "../../record/recording.ts";
import type { TakeOutput } from "../../run/options.ts";
import type { Wait } from "../../run/run.ts";
import type { ProcessImage } from "../compile.ts";
import {
  addCall,
  CALLS,
  giveAnswer,
  type GuestCall,
  handedOver,
  kindOf,
  readyOf,
} from "./calls.ts";
import { cpuid } from "./cpu.ts";
import type { Door } from "./door.ts";
import type { RecorderMemory } from "./inside.ts";
import { memoryHash } from "./memory.ts";

const c = libc({
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  pwrite64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "usize"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  poll_apart: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** The most events that are asked for: of every device, and of the timer. */
const EVENTS = 64;
/** The most bytes that are read at once. */
const MOST_READ = 0x100_0000;
const NEVER = 2n ** 64n - 1n;

/** What a recorder works with. */
export interface RecorderParts {
  readonly pid: number;
  readonly image: ProcessImage;
  readonly writer: RecordingWriter;
  /** What logs most calls inside of the guest; none if all of them come here. */
  readonly recorder: RecorderMemory | undefined;
  /** What takes the console's output; standard output if not given. */
  readonly take: TakeOutput | undefined;
  /** Ends the guest: nobody reads its console any more. */
  readonly unread: () => void;
}

/** See {@linkcode Door}. */
export class RecordingDoor extends InputRecorder implements Door {
  readonly paused = false;
  readonly #parts: RecorderParts;
  /** This process's duplicates of the guest's descriptors, by the guest's numbers. */
  readonly #descriptors = new Map<number, number>();
  readonly #events = new DataView(new ArrayBuffer(EVENTS * EpollEventX86.size));
  #pollApart = new Int32Array(4);
  #memory = "";
  #taken: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: RecorderParts) {
    super(parts.writer);
    this.#parts = parts;
    const { recorder, take } = parts;
    if (recorder === undefined) return;
    recorder.begin({ console: take === undefined });
    recorder.asked = [this.hash.low, this.hash.high];
  }

  get taken(): Promise<void> | undefined {
    return this.#taken;
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  look(): void {
    const { recorder, writer } = this.#parts;
    if (recorder === undefined) return;
    this.count += recorder.take((input, { check, data }) => {
      writer.put(input, check);
      if (input.kind === "console") this.#print(data);
    });
  }

  answer(asked: GuestCall): Wait | undefined {
    this.begin();
    const data = handedOver(asked);
    this.asked(addCall(this.hash, asked, data));
    const input = this.#perform(asked, data);
    if ("deadline" in input) {
      this.writer.flush();
      return input;
    }
    this.#give(asked, input);
  }

  resume(asked: GuestCall): Wait | undefined {
    const input = this.#poll(asked);
    if ("deadline" in input) return input;
    this.#give(asked, input);
  }

  wait(patience: number): void {
    c.poll(Int32Array.of(this.#own(this.#parts.image.descriptors.epoll), POLLIN), 1n, patience);
  }

  async waitApart({ call }: GuestCall): Promise<void> {
    const epoll = this.#own(this.#parts.image.descriptors.epoll);
    // The runtime does not keep the memory that a call on another thread works with, so this does.
    this.#pollApart = Int32Array.of(epoll, POLLIN, call.descriptor, POLLIN);
    await c.poll_apart(this.#pollApart, 2n, -1);
  }

  cpuid(address: number, leaf: { eax: number; ecx: number }): Uint8Array {
    const data = cpuid(leaf);
    this.begin();
    this.asked(addCheck(this.hash.word(address).word(leaf.eax).word(leaf.ecx), undefined));
    this.put({ kind: "cpuid", data });
    return data;
  }

  ending(): void {
    this.begin();
    this.#memory = this.memoryHash();
  }

  ended(outcome: Outcome): Outcome {
    this.begin();
    this.putEnd({ kind: "end", outcome, memory: this.#memory });
    return outcome;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#descriptors.values()) closeDescriptor(fd);
  }

  protected counter(): bigint {
    return monotonic();
  }

  protected memoryHash(): string {
    return memoryHash(this.#parts.pid, this.#parts.image.note.memory);
  }

  /** Takes what was logged before, and goes on with its checksum; the guest is stopped. */
  protected override begin(): void {
    const { recorder } = this.#parts;
    if (recorder === undefined) return;
    this.look();
    recorder.clear();
    this.hash = new Hash(recorder.asked);
  }

  protected override put(input: Input): void {
    super.put(input);
    const { recorder } = this.#parts;
    if (recorder !== undefined) recorder.asked = [this.hash.low, this.hash.high];
  }

  #give(asked: GuestCall, input: Input): void {
    // Written down first: what the guest then does may be its end.
    this.put(input);
    giveAnswer(asked, input);
  }

  /** Does a call for the guest. */
  #perform(asked: GuestCall, data: Uint8Array<ArrayBuffer> | undefined): Input | Wait {
    const { call } = asked;
    const kind = kindOf(asked);
    switch (kind) {
      case "wall":
        return { kind, value: realtime() };
      case "monotonic":
        return { kind, value: monotonic() };
      case "poll":
        return this.#poll(asked);
      case "read":
        return this.#read(asked);
      case "console":
        return { kind, result: this.#print(data) };
      case "write":
        return { kind, result: this.#write(asked, data) };
      default: {
        if (data === undefined) return { kind: "call", result: -ERRNO.EFAULT };
        const timer = this.#own(call.argument(0));
        return {
          kind: "call",
          result: resultOf(c.timerfd_settime(timer, call.argument(1), data, 0n)),
        };
      }
    }
  }

  #poll({ call }: GuestCall): Input | Wait {
    const { epoll, timer, devices } = this.#parts.image.descriptors;
    const most = Math.max(1, Math.min(EVENTS, call.signed(2)));
    const count = c.epoll_wait(this.#own(epoll), this.#events, most, 0);
    if (count > 0 || call.signed(3) === 0) {
      return { kind: "poll", ready: readyOf(this.#events, Math.max(count, 0)) };
    }
    const deadline = timerDeadline(this.#own(timer)) ?? NEVER;
    const handles = devices.reduce(
      (set, { handle, waits }) => waits ? set | 1n << BigInt(handle) : set,
      0n,
    );
    return { kind: "wait", deadline, handles };
  }

  #read({ call }: GuestCall): Input {
    const fd = this.#own(call.argument(0));
    const bytes = new Uint8Array(Math.min(call.argument(2), MOST_READ));
    const size = BigInt(bytes.length);
    const count = call.number === CALLS.read
      ? c.read(fd, bytes, size)
      : c.pread64(fd, bytes, size, BigInt(call.argument(3)));
    const result = resultOf(Number(count));
    return { kind: "read", result, data: bytes.subarray(0, Math.max(result, 0)) };
  }

  #write({ call }: GuestCall, data: Uint8Array<ArrayBuffer> | undefined): number {
    if (data === undefined) return -ERRNO.EFAULT;
    const fd = this.#own(call.argument(0));
    const size = BigInt(data.length);
    return resultOf(Number(
      call.number === CALLS.write
        ? c.write(fd, data, size)
        : c.pwrite64(fd, data, size, BigInt(call.argument(3))),
    ));
  }

  #print(data: Uint8Array<ArrayBuffer> | undefined): number {
    if (data === undefined) return -ERRNO.EFAULT;
    const { take, unread } = this.#parts;
    if (take === undefined) {
      if (data.length > 0 && !writeAll(STDOUT_FILENO, data)) unread();
      return data.length;
    }
    const taken = data.length === 0 ? undefined : take(data);
    if (taken instanceof Promise) this.#untilTaken(taken);
    return data.length;
  }

  #untilTaken(taken: Promise<unknown>): void {
    const all = this.#taken = Promise.all([this.#taken, taken])
      .catch((error) => void (this.#failure ??= { error }))
      .then(() => {
        if (this.#taken === all) this.#taken = undefined;
      });
  }

  #own(fd: number): number {
    const known = this.#descriptors.get(fd);
    if (known !== undefined) return known;
    const own = duplicateOf(this.#parts.pid, fd);
    this.#descriptors.set(fd, own);
    return own;
  }
}

/** The result of a call as the kernel gives it to a program: a negative `errno` if it failed. */
function resultOf(result: number): number {
  return result < 0 ? -errno() : result;
}
