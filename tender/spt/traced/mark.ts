/**
 * Ends a traced guest where it says that it has initialised, and takes its memory there: a write of nothing
 * to its console, at the address of a record.
 *
 * @module
 */
import { LOWEST_ADDRESS } from "../../../abi/solo5.ts";
import { MarkRecord } from "../../../abi/snapshot.ts";
import { readMark, SnapshotMemory } from "../../../elftool/snapshot.ts";
import { STDOUT_FILENO } from "../../../linux/constants.ts";
import { cpuFlags } from "../../../linux/cpu_flags.ts";
import { mappings, readMemory } from "../../../linux/other_process.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import type { Tracee } from "../../../linux/tracee.ts";
import { FEATURES } from "../../cpu_features.ts";
import type { StartOptions } from "../../target.ts";
import type { ProcessImage } from "../compile.ts";
import { contentOf } from "./state.ts";

const { calls: CALLS } = LINUX.x86_64!;

/** Waits for the mark of a guest, and sees which devices it writes to. */
export class MarkWatch {
  readonly #tracee: Tracee;
  readonly #image: ProcessImage;
  readonly #take: NonNullable<StartOptions["mark"]>;
  readonly #written = new Set<number>();
  /** The device that a call under way is to write to. */
  #writing: number | undefined;

  constructor(
    { tracee, image }: { readonly tracee: Tracee; readonly image: ProcessImage },
    take: NonNullable<StartOptions["mark"]>,
  ) {
    this.#tracee = tracee;
    this.#image = image;
    this.#take = take;
  }

  /** Sees a call that the guest is about to make; one that is the mark ends the guest. */
  call(number: number, [fd, address, size]: readonly bigint[]): void {
    this.#writing = undefined;
    if (number !== CALLS.write && number !== CALLS.pwrite64) return;
    if (fd === BigInt(STDOUT_FILENO)) {
      if (number === CALLS.write && size === 0n) this.#look(Number(address));
      return;
    }
    const { devices } = this.#image.descriptors;
    this.#writing = devices.find((device) => BigInt(device.fd) === fd)?.handle;
  }

  /** Sees the result of a call. */
  answer(result: bigint): void {
    if (this.#writing !== undefined && result >= 0n) this.#written.add(this.#writing);
    this.#writing = undefined;
  }

  #look(address: number): void {
    const bytes = new Uint8Array(MarkRecord.size);
    if (readMemory(this.#tracee.pid, BigInt(address), bytes) < bytes.length) return;
    const found = readMark(bytes, address);
    if (found === undefined) return;
    const flags = cpuFlags();
    this.#take({
      record: address,
      acquired: found.acquired,
      written: this.#written,
      content: this.#content(),
      devices: this.#image.descriptors.devices.map(({ properties }) => properties),
      cpu: FEATURES.filter((feature) => flags.includes(feature)),
    });
    this.#tracee.kill();
  }

  /** What the image brought, and then what the guest has written. */
  #content(): SnapshotMemory {
    const { segments, note: { memory } } = this.#image;
    const content = new SnapshotMemory();
    const isGuests = (address: number) => address >= LOWEST_ADDRESS && address < memory;
    for (const { address, data, write } of segments) {
      if (write && isGuests(address)) content.add(address, data);
    }
    const { pid } = this.#tracee;
    for (const mapped of mappings(pid, memory)) {
      if (!mapped.write || !isGuests(mapped.start)) continue;
      for (const { address, bytes } of contentOf(pid, mapped)) content.add(address, bytes);
    }
    return content;
  }
}
