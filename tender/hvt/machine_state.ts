/**
 * The state of a machine during its run, as a value from which another machine continues as this one would
 * have. It may outlive this process, so it is checked before it is used. `capture.ts` takes it and restores it.
 *
 * @module
 */
import { RING_MEMORY } from "../../abi/hvt_ring.ts";
import { viewOf } from "../../abi/layout.ts";
import { MEMORY, PAGE_SIZE } from "../../abi/solo5.ts";
import type { Range } from "../../linux/sparse.ts";
import type { DeviceState } from "../devices/state.ts";
import { TenderError } from "../error.ts";
import { CpuidEntry, CpuidHeader } from "../kvm/abi.ts";
import type { VcpuState } from "../kvm/state.ts";
import type { Captured } from "../run/run.ts";
import { type MachineBase, restrictionsOf } from "./machine.ts";
import type { LoopState } from "./run_loop.ts";

/** Version of {@linkcode MachineState}; its parts have versions of their own. */
export const MACHINE_STATE_VERSION = 1;

/** The fields of every state, besides its version. */
const PARTS = [
  "memorySize",
  "contents",
  "protections",
  "cpuid",
  "vcpu",
  "loop",
  "devices",
] as const;

/**
 * A machine between two steps of its run, whose contents are all that its memory holds. Plain data, for
 * `structuredClone`.
 */
export interface MachineState extends Captured, Omit<MachineBase, "restrictions"> {
  readonly target: "hvt";
  readonly version: typeof MACHINE_STATE_VERSION;
  readonly vcpu: VcpuState;
  readonly loop: LoopState;
  /** One for each of the guest's devices, in the manifest's order. */
  readonly devices: readonly DeviceState[];
}

/**
 * The machine of a state. All that the tender relies on is checked; what only the guest relies on may be
 * anything.
 *
 * @throws {TenderError} "guest" if the state has another version or is invalid
 */
export function machineOf(state: MachineState): MachineBase {
  const { version, memorySize, contents, protections, ring, cpuid } = state;
  if (version !== MACHINE_STATE_VERSION) {
    throw broken(`is of version ${version}, and ${MACHINE_STATE_VERSION} is known`);
  }
  const missing = PARTS.find((name) => state[name] === undefined);
  if (missing !== undefined) throw broken(`has no ${missing}`);
  const { step, max } = MEMORY.hvt;
  if (!(memorySize > 0 && memorySize <= max && memorySize % step === 0)) {
    throw broken(`has ${memorySize} bytes of memory`);
  }
  if (ring !== undefined && ring !== memorySize - RING_MEMORY) {
    throw broken(`has a network ring at ${ring}`);
  }
  const within = (end: number, range: Range) =>
    range.start >= 0 && range.start <= range.end && range.end <= end;
  for (const { address, data } of contents) {
    const range = { start: address, end: address + data.length };
    if (!within(memorySize, range)) throw broken(`has contents at ${address}`);
  }
  for (const { start, end } of protections) {
    const aligned = start % PAGE_SIZE === 0 && end % PAGE_SIZE === 0;
    // The tender writes to the ring.
    if (!aligned || !within(ring ?? memorySize, { start, end })) {
      throw broken(`protects ${start} to ${end}`);
    }
  }
  const room = (cpuid.length - CpuidHeader.size) / CpuidEntry.size;
  if (!(room >= 0 && CpuidHeader.read(viewOf(cpuid), 0).nent <= room)) {
    throw broken("does not hold all of its CPUID");
  }
  const restrictions = restrictionsOf(protections);
  return { memorySize, contents, protections, restrictions, ring, cpuid };
}

/** An error of a state that no machine has. */
export function broken(what: string): TenderError {
  return new TenderError("guest", `the state of the machine ${what}`);
}
