/**
 * Waiting: for a point in time, or for descriptors to have something to read, whichever comes first.
 *
 * @module
 */
import { check, ERRNO, errno, libc } from "./libc.ts";
import { monotonic } from "./clock.ts";

const c = libc({
  ppoll: { parameters: ["buffer", "usize", "buffer", "usize"], result: "i32" },
});

const POLLIN = 1;
/** `struct pollfd`: fd i32, events i16, revents i16. */
const POLLFD_SIZE = 8;
const NANOSECONDS = 1_000_000_000n;
/** Longest single wait, in nanoseconds: far in the future, and below what `struct timespec` holds. */
const LONGEST = 1_000_000_000n * NANOSECONDS;

/** A descriptor to wait on, and the bit that stands for it in a set of handles. */
export interface Source {
  readonly fd: number;
  /** 0 to 63. */
  readonly handle: number;
}

/** A fixed list of descriptors, waited on together. */
export class PollSet {
  readonly #handles: readonly bigint[];
  readonly #pollfds: DataView<ArrayBuffer>;
  readonly #timeout = new BigInt64Array(2);

  constructor(sources: readonly Source[]) {
    this.#handles = sources.map(({ handle }) => 1n << BigInt(handle));
    this.#pollfds = new DataView(new ArrayBuffer(sources.length * POLLFD_SIZE));
    sources.forEach(({ fd }, index) => {
      this.#pollfds.setInt32(index * POLLFD_SIZE, fd, true);
      this.#pollfds.setInt16(index * POLLFD_SIZE + 4, POLLIN, true);
    });
  }

  /** The handles that are ready now. */
  ready(): bigint {
    return this.#handles.length === 0 ? 0n : this.#poll(0n);
  }

  /**
   * Blocks until a descriptor is ready or the {@linkcode monotonic} clock reaches `deadline`, never
   * less; a signal does not end the wait.
   *
   * @returns the set of ready handles (bit = handle); 0 when the deadline came first
   */
  wait(deadline: bigint): bigint {
    for (;;) {
      const left = deadline - monotonic();
      const ready = this.#poll(left > 0n ? left : 0n);
      if (ready !== 0n || monotonic() >= deadline) return ready;
    }
  }

  #poll(timeout: bigint): bigint {
    const limited = timeout < LONGEST ? timeout : LONGEST;
    this.#timeout[0] = limited / NANOSECONDS;
    this.#timeout[1] = limited % NANOSECONDS;
    const count = c.ppoll(this.#pollfds, BigInt(this.#handles.length), this.#timeout, 0n);
    if (count < 0 && errno() === ERRNO.EINTR) return 0n;
    return check(count, "ppoll") === 0 ? 0n : this.#readySet();
  }

  /** Any event counts, an error or a hang-up too: the guest's next read then says what happened. */
  #readySet(): bigint {
    let set = 0n;
    this.#handles.forEach((bit, index) => {
      if (this.#pollfds.getInt16(index * POLLFD_SIZE + 6, true) !== 0) set |= bit;
    });
    return set;
  }
}
