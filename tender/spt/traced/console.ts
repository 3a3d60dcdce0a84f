/**
 * The console of a traced guest whose output a function takes. The output is read from the guest's memory at
 * its system call, which then writes nothing but returns what it would have returned.
 *
 * @module
 */
import { STDOUT_FILENO } from "../../../linux/constants.ts";
import { ERRNO } from "../../../linux/libc.ts";
import { readMemory } from "../../../linux/other_process.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import type { GeneralRegisters, Tracee } from "../../../linux/tracee.ts";
import type { TakeOutput } from "../../run/options.ts";

/** The most bytes that the kernel writes in one call. */
const LARGEST_WRITE = 0x7fff_f000n;
/** The most bytes that are passed on at once. */
const CHUNK = 0x1_0000;
const { taskSize } = LINUX.x86_64!;

/** See the module. */
export class TracedConsole {
  readonly #tracee: Tracee;
  readonly #take: TakeOutput;
  /** Is resolved when the output is taken. */
  #taken: Promise<void> | undefined;
  /** The error that its promise was rejected with. */
  #failure: { readonly error: unknown } | undefined;
  /** The result of the guest's current call, and the size that the guest gave. */
  #answer: { rax: bigint; readonly rdx: bigint } | undefined;

  constructor(tracee: Tracee, take: TakeOutput) {
    this.#tracee = tracee;
    this.#take = take;
  }

  /** Replaces a `write` that the guest is about to make. */
  call([fd, address, size]: readonly bigint[]): void {
    // The kernel itself refuses addresses outside of the guest's half.
    if (fd !== BigInt(STDOUT_FILENO) || size === 0n || address! + size! > taskSize) return;
    this.#tracee.setRegister("rdx", 0n);
    const answer = this.#answer = { rax: 0n, rdx: size! };
    const end = address! + (size! < LARGEST_WRITE ? size! : LARGEST_WRITE);
    for (let at = address!, whole = true; at < end && whole;) {
      const chunk = new Uint8Array(Math.min(CHUNK, Number(end - at)));
      const count = readMemory(this.#tracee.pid, at, chunk);
      at += BigInt(count);
      whole = count === chunk.length;
      answer.rax = at > address! ? at - address! : BigInt.asUintN(64, BigInt(-ERRNO.EFAULT));
      if (count > 0) this.#pass(chunk.subarray(0, count));
    }
  }

  /** Gives the guest the result, at the end of the call. */
  answer(): void {
    if (this.#answer === undefined) return;
    const { rax, rdx } = this.#answer;
    this.#answer = undefined;
    this.#tracee.setRegister("rax", rax);
    this.#tracee.setRegister("rdx", rdx);
  }

  /** The registers after the call, given those within it; undefined if there is no such call. */
  answered(registers: GeneralRegisters): GeneralRegisters | undefined {
    return this.#answer && { ...registers, ...this.#answer, originalRax: NO_CALL };
  }

  /** Is resolved when the output is taken; undefined if the guest does not have to wait for that. */
  get taken(): Promise<void> | undefined {
    return this.#taken;
  }

  /** @throws what the function failed with that takes the output later */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #pass(output: Uint8Array<ArrayBuffer>): void {
    const taken = this.#take(output);
    if (!(taken instanceof Promise)) return;
    const all = this.#taken = Promise.all([this.#taken, taken])
      .catch((error) => void (this.#failure ??= { error }))
      .then(() => {
        if (this.#taken === all) this.#taken = undefined;
      });
  }
}

/** All bits: the process is in no system call. */
export const NO_CALL = 2n ** 64n - 1n;
