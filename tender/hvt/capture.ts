/**
 * Takes the state of a machine between two steps of its run, and restores it into another machine. It is
 * loaded only if a run can be captured, or continues from a capture.
 *
 * @module
 */
import { PAGE_SIZE } from "../../abi/solo5.ts";
import type { Mapping } from "../../linux/memory.ts";
import { memoryContent } from "../../linux/memory_content.ts";
import type { OpenDevice } from "../devices/kind.ts";
import { restoreVcpu, saveVcpu, stateForm } from "../kvm/state.ts";
import type { System } from "../kvm/system.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Content, MachineBase } from "./machine.ts";
import { broken, MACHINE_STATE_VERSION, type MachineState } from "./machine_state.ts";
import type { LoopState } from "./run_loop.ts";

export { machineOf } from "./machine_state.ts";

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
    if (error instanceof TypeError || error instanceof RangeError) {
      throw broken("has values that no state has");
    }
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
