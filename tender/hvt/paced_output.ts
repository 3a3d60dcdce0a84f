/**
 * Console output for a program that may take it later: until it has, the guest does not run.
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
  /** What the function failed with later. */
  #failure: { readonly error: unknown } | undefined;

  /** @param wake ends a wait that is under way */
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

  /** The vCPU, which comes back at once while output is not taken. */
  paced(cpu: Cpu): Cpu {
    return {
      registers: () => cpu.registers(),
      run: () => this.#pending ? { kind: "intr" } : cpu.run(),
    };
  }
}
