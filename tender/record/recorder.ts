/**
 * Writes down what a guest gets: what every target does in the same way.
 *
 * @module
 */
import { addCheck } from "./call_check.ts";
import { Hash } from "./hash.ts";
import type { Input } from "./inputs.ts";
import type { CpuAnswers } from "./instructions.ts";
import { fromHex, type RecordingWriter } from "./recording.ts";

/** How many random numbers are asked of the host at once. */
const RANDOM_NUMBERS = 512;
/** How many inputs come between two checksums of memory at least. */
const CHECKED_EVERY = 0x1_0000;

/** See the module. A target extends it by its calls. */
export abstract class InputRecorder implements CpuAnswers {
  /** The checksum of all that the guest has asked. */
  protected hash: Hash = new Hash();
  /** How many inputs there were since the last checksum of memory. */
  protected count = 0;
  protected readonly writer: RecordingWriter;
  /** What the next input is checked by. */
  #check = 0;
  readonly #random = new BigUint64Array(RANDOM_NUMBERS);
  #randomLeft = 0;

  constructor(writer: RecordingWriter) {
    this.writer = writer;
  }

  /** See {@linkcode CpuAnswers}. */
  ticks(address: number): bigint {
    const value = this.counter();
    this.begin();
    this.asked(addCheck(this.hash.word(address), undefined));
    this.put({ kind: "ticks", value });
    return value;
  }

  /** See {@linkcode CpuAnswers}. */
  random(address: number): bigint {
    if (this.#randomLeft === 0) {
      crypto.getRandomValues(this.#random);
      this.#randomLeft = RANDOM_NUMBERS;
    }
    const value = this.#random[--this.#randomLeft]!;
    this.begin();
    this.asked(addCheck(this.hash.word(address), undefined));
    this.put({ kind: "random", value });
    return value;
  }

  /** See {@linkcode CpuAnswers}. */
  abstract cpuid(address: number, leaf: { eax: number; ecx: number }): Uint8Array;

  /** The guest's time stamp counter. */
  protected abstract counter(): bigint;

  /** The checksum of the guest's memory. */
  protected abstract memoryHash(): string;

  /** Is called before what the guest asks is added to the checksum. */
  protected begin(): void {}

  /** Is to be called before the guest is answered; `check`: what its input is checked by. */
  protected asked(check: number): void {
    this.#check = check;
    if (++this.count < CHECKED_EVERY) return;
    this.count = 0;
    this.put({ kind: "memory", data: fromHex(this.memoryHash()) });
  }

  /** Writes an input down. */
  protected put(input: Input): void {
    this.writer.put(input, this.#check);
  }

  /** Writes the end down. */
  protected putEnd(input: Extract<Input, { kind: "end" }>): void {
    this.writer.end(input, this.hash.low & 0xffff);
  }
}
