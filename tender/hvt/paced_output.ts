/**
 * Console output for a function that may return a promise: the guest does not run until it is resolved.
 *
 * @module
 */
import type { GuestBytes } from "../devices/kind.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Cpu } from "./observer.ts";

/** What stands between a guest's console and the function that takes its output. */
export class PacedOutput {
  readonly #take: TakeOutput;
  readonly #wake: () => void;
  #pending = false;
  /** The error that the promise was rejected with. */
  #failure: { readonly error: unknown } | undefined;

  /** @param wake ends the current wait */
  constructor(take: TakeOutput, wake: () => void) {
    this.#take = take;
    this.#wake = wake;
  }

  /** Whether the guest has to wait until its output is taken. */
  get pending(): boolean {
    return this.#pending;
  }

  /** As the world's function of that name. */
  write(data: GuestBytes): boolean {
    // A copy: guest memory may be gone when the program looks at it.
    const taken = this.#take(data.slice());
    if (!(taken instanceof Promise)) return true;
    this.#pending = true;
    taken.catch((error) => void (this.#failure = { error })).then(() => {
      this.#pending = false;
      this.#wake();
    });
    return true;
  }

  /** @throws what the function failed with */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** A vCPU that does not run the guest while output is pending. */
  paced(cpu: Cpu): Cpu {
    return {
      registers: () => cpu.registers(),
      run: () => this.#pending ? { kind: "intr" } : cpu.run(),
    };
  }
}
