/**
 * The state of a traced guest as a value: what another process of the same guest needs to go on where
 * this one stopped. What the launch makes (mappings, descriptors, the filter) is not in it but to be
 * compared: another launch makes it again.
 *
 * The clocks are the host's: a state that is restored later, or elsewhere, sees them jump. What the host
 * keeps of devices (a file's content, frames on their way) is not in it.
 *
 * @module
 */
import { ERRNO, SystemError } from "../../../linux/libc.ts";
import {
  type Mapped,
  mappings,
  ownPages,
  readMemory,
  writeMemory,
} from "../../../linux/other_process.ts";
import { setTimer, timerDeadline } from "../../../linux/timer.ts";
import type { GeneralRegisters, Tracee } from "../../../linux/tracee.ts";
import { checkState, type DeviceState } from "../../devices/state.ts";
import { TenderError } from "../../error.ts";
import type { Captured } from "../../run/run.ts";
import type { ProcessImage } from "../compile.ts";

/** Version of {@linkcode ProcessState}; a state of another one is not restored. */
export const PROCESS_STATE_VERSION = 1;
/** Version of what is kept of a device. */
const DEVICE_VERSION = 1;

/** A guest of spt between two instructions. */
export interface ProcessState extends Captured {
  readonly target: "spt";
  readonly version: typeof PROCESS_STATE_VERSION;
  /** Name of the unikernel's file. */
  readonly unikernel: string;
  /** A checksum of the memory that the guest cannot write to. */
  readonly fixed: string;
  /** What is mapped in guest memory. */
  readonly mappings: readonly Mapped[];
  /** What differs from the memory of a guest that begins, page by page. */
  readonly memory: readonly MemoryContent[];
  readonly registers: GeneralRegisters;
  /** Registers beside the general ones, in the form of the CPU's XSAVE. */
  readonly extendedRegisters: Uint8Array<ArrayBuffer>;
  /** When its timer goes off, on the monotonic clock, in nanoseconds: 0 if it has; undefined if it is not set. */
  readonly deadline: bigint | undefined;
  /** What the guest was told of its devices, in the manifest's order. */
  readonly devices: readonly DeviceState[];
}

/** Bytes at an address. */
export interface MemoryContent {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A guest's process, stopped. */
export interface StoppedProcess {
  readonly tracee: Tracee;
  readonly image: ProcessImage;
  /** A duplicate of its timer. */
  readonly timer: number;
}

/**
 * Takes a guest's state.
 *
 * @param registers as the guest would find them if it went on
 * @throws {SystemError} if the kernel does not give it
 */
export function captureProcess(
  { tracee, image, timer }: StoppedProcess,
  registers: GeneralRegisters,
): ProcessState {
  const { pid } = tracee;
  const mapped = mappings(pid, image.note.memory);
  return {
    target: "spt",
    version: PROCESS_STATE_VERSION,
    unikernel: image.note.unikernel,
    fixed: fixedContent(image),
    mappings: mapped,
    memory: mapped.filter(({ write }) => write).flatMap((range) => contentOf(pid, range)),
    registers,
    extendedRegisters: tracee.extendedRegisters(),
    deadline: timerDeadline(timer),
    devices: image.descriptors.devices.map(({ properties }) => ({
      version: DEVICE_VERSION,
      properties,
    })),
  };
}

/**
 * Gives a guest a state, in place of its beginning.
 *
 * @throws {TenderError} "guest" if the state is another guest's, "device" if a device is another one,
 * "host" if this host cannot restore it
 */
export function restoreProcess(
  { tracee, image, timer }: StoppedProcess,
  state: ProcessState,
): void {
  checkGuest(image, tracee.pid, state);
  for (const { address, bytes } of state.memory) {
    if (writeMemory(tracee.pid, BigInt(address), bytes) === bytes.length) continue;
    throw refused("guest", image, `has content at 0x${address.toString(16)}`);
  }
  try {
    tracee.setExtendedRegisters(state.extendedRegisters);
    tracee.setRegisters(state.registers);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno === ERRNO.ESRCH) throw error;
    throw refused("host", image, "has registers that this CPU refuses");
  }
  if (state.deadline !== undefined) setTimer(timer, state.deadline);
}

function checkGuest(image: ProcessImage, pid: number, state: ProcessState): void {
  const { target, version, fixed, devices } = state;
  if (target !== "spt" || version !== PROCESS_STATE_VERSION) {
    const known = `version ${PROCESS_STATE_VERSION} for spt is known`;
    throw refused("guest", image, `is of version ${version} for ${target}, and ${known}`);
  }
  const own = image.descriptors.devices;
  if (fixed !== fixedContent(image) || own.length !== devices.length) {
    throw refused("guest", image, `is of another program, ${state.unikernel}`);
  }
  if (text(mappings(pid, image.note.memory)) !== text(state.mappings)) {
    throw refused("guest", image, "is of another size of memory");
  }
  own.forEach(({ properties, note: { name } }, index) =>
    checkState(devices[index]!, { subject: name, version: DEVICE_VERSION, properties })
  );
}

function text(mapped: readonly Mapped[]): string {
  return mapped.map(({ start, end, read, write, execute }) =>
    `${start} ${end} ${read} ${write} ${execute}`
  ).join("\n");
}

/**
 * What a range of a process's memory holds that is its own by now.
 *
 * @throws {SystemError} if it cannot be read
 */
export function contentOf(pid: number, range: Mapped): MemoryContent[] {
  return ownPages(pid, range).map(({ start, end }) => {
    const bytes = new Uint8Array(end - start);
    if (readMemory(pid, BigInt(start), bytes) === bytes.length) return { address: start, bytes };
    throw new SystemError("process_vm_readv", ERRNO.EFAULT);
  });
}

/** Two numbers that any change changes, but one in 2^64 (FNV-1a, with two primes). */
function fixedContent({ segments, note }: ProcessImage): string {
  let [one, other] = [0x811c_9dc5, 0x9747_b28c];
  for (const { address, data, write } of segments) {
    if (write || address >= note.memory) continue;
    one ^= address;
    for (const byte of data) {
      one = Math.imul(one ^ byte, 0x0100_0193);
      other = Math.imul(other ^ byte, 0x0100_01b3) + one | 0;
    }
  }
  return [one, other].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function refused(code: "guest" | "host", image: ProcessImage, what: string): TenderError {
  const { unikernel } = image.note;
  return new TenderError(code, `${unikernel}: cannot go on from a state that ${what}`);
}
