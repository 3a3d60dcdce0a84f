/**
 * A file of a suspended run, made without a machine.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { compileMachine } from "../../../tender/hvt/machine.ts";
import { MACHINE_STATE_VERSION, type MachineState } from "../../../tender/hvt/machine_state.ts";
import { encodeSuspended } from "../../../tender/hvt/suspended.ts";
import { buildUnikernel } from "../../elftool/builder.ts";
import { cpuidWith } from "./cpuid.ts";

/** Where the hash of such a file is, and what it is of. */
const HASH_AT = 16;
const CONTENT_AT = 48;

/** A guest whose run is in the file. */
export function suspendedGuest(): Guest {
  const bytes = buildUnikernel({ target: 1, manifest: { devices: [] } });
  return bind(parseUnikernel(bytes, { name: "small.hvt" }), { memory: "4 MiB", args: ["a", "b"] });
}

/** A state of its machine; its CPU is not one that runs. */
export function suspendedState(guest = suspendedGuest()): MachineState {
  const facts = { cycleFrequency: 1n, cpuid: cpuidWith({ noExecute: true }), devices: [] };
  const machine = compileMachine(guest, facts);
  const { memorySize, contents, protections, ring, cpuid, registers, specialRegisters } = machine;
  return {
    target: "hvt",
    version: MACHINE_STATE_VERSION,
    memorySize,
    contents,
    protections,
    ring,
    cpuid,
    vcpu: {
      version: 1,
      tscKhz: 1_000_000,
      registers,
      specialRegisters,
      parts: { XCRS: new Uint8Array(16) },
      msrs: [{ index: 0x10, data: 2n ** 63n }],
    } as unknown as MachineState["vcpu"],
    loop: { version: 1, wait: { block: 0x10_0000, handles: 2n, remaining: -5n } },
    devices: [],
  };
}

/** The file. */
export function suspendedFile(): Uint8Array<ArrayBuffer> {
  const guest = suspendedGuest();
  return encodeSuspended(guest, suspendedState(guest));
}

/** Has a file say that what it holds is whole. */
export function withHash(file: Uint8Array): Uint8Array {
  const whole = file.slice();
  if (whole.length < CONTENT_AT) return whole;
  whole.set(createHash("sha256").update(whole.subarray(CONTENT_AT)).digest(), HASH_AT);
  return whole;
}
