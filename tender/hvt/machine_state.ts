/**
 * The state of a machine during its run, as a value from which another machine continues as this one would
 * have. It may outlive this process, so it is checked before it is used. It is loaded only if a run can be
 * captured, or continues from a capture.
 *
 * @module
 */
import { RING_MEMORY } from "../../abi/hvt_ring.ts";
import { viewOf } from "../../abi/layout.ts";
import { MEMORY, PAGE_SIZE } from "../../abi/solo5.ts";
import type { Mapping } from "../../linux/memory.ts";
import { memoryContent } from "../../linux/memory_content.ts";
import type { Range } from "../../linux/sparse.ts";
import type { OpenDevice } from "../devices/kind.ts";
import type { DeviceState } from "../devices/state.ts";
import { TenderError } from "../error.ts";
import { CpuidEntry, CpuidHeader } from "../kvm/abi.ts";
import { restoreVcpu, saveVcpu, stateForm, type VcpuState } from "../kvm/state.ts";
import type { System } from "../kvm/system.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Captured } from "../run/run.ts";
import { type Content, type MachineBase, restrictionsOf } from "./machine.ts";
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

/** The parts of a machine that have a state. */
export interface StateParts {
  readonly system: System;
  readonly vcpu: Vcpu;
  readonly devices: readonly OpenDevice[];
}

/**
 * Saves the state of a machine.
 *
 * @throws {TenderError} "device" if that of a device cannot be saved
 * @throws {SystemError} if KVM refuses, or memory cannot be read
 */
export function captureMachine(
  { machine, memory, loop, system, vcpu, devices }: StateParts & {
    machine: MachineBase;
    memory: Mapping;
    loop: LoopState;
  },
): MachineState {
  const { memorySize, protections, ring, cpuid } = machine;
  return {
    target: "hvt",
    version: MACHINE_STATE_VERSION,
    // First, because it completes an instruction.
    vcpu: saveVcpu(vcpu, stateForm(system)),
    loop,
    devices: devices.map((device) => device.save()),
    memorySize,
    contents: contentsOf(memory),
    protections,
    ring,
    cpuid,
  };
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

/**
 * Restores the state of a machine's CPU and devices; CPUID has to be set already.
 *
 * @throws {TenderError} "device" if a device differs from the one before, "host" if this host cannot restore
 * the CPU
 * @throws {SystemError} if KVM refuses
 */
export function restoreMachine(state: MachineState, { system, vcpu, devices }: StateParts): void {
  if (state.devices.length !== devices.length) {
    throw broken(`has ${state.devices.length} devices, and the guest ${devices.length}`);
  }
  try {
    devices.forEach((device, index) => device.restore(state.devices[index]!));
    restoreVcpu(vcpu, state.vcpu, stateForm(system));
  } catch (error) {
    // A file may have values of types that no state has.
    if (error instanceof TypeError || error instanceof RangeError) throw broken("is none");
    throw error;
  }
}

/** The pages that are not all zeros; neighbours are joined. */
function contentsOf(memory: Mapping): Content[] {
  const contents: Content[] = [];
  memoryContent(memory, (offset, bytes) => {
    for (let start = 0; start < bytes.length; start += PAGE_SIZE) {
      if (isZero(bytes, start)) continue;
      let end = start + PAGE_SIZE;
      while (end < bytes.length && !isZero(bytes, end)) end += PAGE_SIZE;
      contents.push({ address: offset + start, data: bytes.slice(start, end) });
      start = end;
    }
  });
  return contents;
}

function isZero(bytes: Uint8Array<ArrayBuffer>, start: number): boolean {
  return new Uint32Array(bytes.buffer, bytes.byteOffset + start, PAGE_SIZE / 4)
    .every((word) => word === 0);
}

function broken(what: string): TenderError {
  return new TenderError("guest", `the state of the machine ${what}`);
}
