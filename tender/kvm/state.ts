/**
 * The whole state of a vCPU as a value, from which another vCPU continues where this one stopped. All
 * that it says of the host is the frequency of its time stamp counter. Source: the kernel's
 * Documentation/virt/kvm/api.rst.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { Fpu, type Registers, SIZE, type SpecialRegisters } from "./abi.ts";
import type { System } from "./system.ts";
import type { Msr, StatePart, Vcpu } from "./vcpu.ts";

/** Version of {@linkcode VcpuState}; a state of another version is refused. */
export const VCPU_STATE_VERSION = 1;

/** The register of the time stamp counter, `IA32_TIME_STAMP_COUNTER`. */
const TSC = 0x10;
/** More than a counter counts in a hundred years. */
const FAR = 2n ** 62n;

/** A vCPU between two instructions. */
export interface VcpuState {
  readonly version: typeof VCPU_STATE_VERSION;
  /** Frequency of its time stamp counter, in kHz. */
  readonly tscKhz: number;
  readonly registers: Registers;
  readonly specialRegisters: SpecialRegisters;
  /** The kernel's structures, by the names of their ioctls, without those that the kernel lacks. */
  readonly parts: Readonly<Partial<Record<StatePart, Uint8Array<ArrayBuffer>>>>;
  /** Model-specific registers, in the kernel's order. */
  readonly msrs: readonly Msr[];
}

/** Which parts of a vCPU's state this host's KVM has. */
export interface StateForm {
  /** Parts and their sizes in bytes, in the order in which they are restored. */
  readonly parts: readonly (readonly [StatePart, number])[];
  /** Whether the XSAVE area is larger than `KVM_GET_XSAVE` returns. */
  readonly wide: boolean;
  readonly msrIndices: Uint32Array<ArrayBuffer>;
}

/**
 * Asks KVM which parts of a vCPU's state it has.
 *
 * @throws {SystemError} if KVM refuses
 */
export function stateForm(system: System): StateForm {
  const xsave = Math.max(system.checkExtension("XSAVE2"), SIZE.xsave);
  const hasXsave = system.checkExtension("XSAVE") > 0;
  return {
    parts: [
      // XCR0 says which registers the next part contains.
      ...part("XCRS", SIZE.xcrs, system.checkExtension("XCRS") > 0),
      hasXsave ? ["XSAVE", xsave] : ["FPU", Fpu.size],
      ...part("DEBUGREGS", SIZE.debugRegisters, system.checkExtension("DEBUGREGS") > 0),
      ["VCPU_EVENTS", SIZE.vcpuEvents],
      ["MP_STATE", SIZE.mpState],
    ],
    wide: xsave > SIZE.xsave,
    msrIndices: system.msrIndices(),
  };
}

function part(name: StatePart, size: number, present: boolean): [StatePart, number][] {
  return present ? [[name, size]] : [];
}

/**
 * Saves a vCPU's state. The instruction of the last exit is completed first, so that the state lies
 * between two instructions: call it once the exit's answer is in guest memory.
 *
 * @throws {SystemError} if KVM refuses
 */
export function saveVcpu(vcpu: Vcpu, form: StateForm): VcpuState {
  vcpu.complete();
  return {
    version: VCPU_STATE_VERSION,
    tscKhz: vcpu.tscKhz(),
    registers: vcpu.registers(),
    specialRegisters: vcpu.specialRegisters(),
    parts: Object.fromEntries(
      form.parts.map(([name, size]) => [
        name,
        vcpu.part(name === "XSAVE" && form.wide ? "XSAVE2" : name, size),
      ]),
    ),
    msrs: readableMsrs(vcpu, form.msrIndices),
  };
}

/**
 * Restores a vCPU's state; its CPUID has to be set already.
 *
 * @throws {TenderError} "host" if the state has another version, or this host cannot restore it
 * @throws {SystemError} if KVM refuses a part of it
 */
export function restoreVcpu(vcpu: Vcpu, state: VcpuState, form: StateForm): void {
  if (state.version !== VCPU_STATE_VERSION) {
    throw refused(`is of version ${state.version}, and ${VCPU_STATE_VERSION} is known`);
  }
  const parts = partsOf(state, form);
  if (vcpu.tscKhz() !== state.tscKhz) setFrequency(vcpu, state.tscKhz);
  vcpu.setSpecialRegisters(state.specialRegisters);
  vcpu.setRegisters(state.registers);
  for (const [name, bytes] of parts) vcpu.setPart(name, bytes);
  restoreMsrs(vcpu, state.msrs);
}

/** The parts in this host's order. Their sizes are checked: the kernel reads as many bytes as it has. */
function partsOf(
  { parts }: VcpuState,
  form: StateForm,
): (readonly [StatePart, Uint8Array<ArrayBuffer>])[] {
  const sizes = new Map(form.parts);
  for (const [name, { length }] of Object.entries(parts)) {
    const size = sizes.get(name as StatePart);
    if (size !== length) throw refused(`has ${length} bytes of ${name}, and not ${size ?? 0}`);
  }
  return form.parts.flatMap(([name]) =>
    parts[name] === undefined ? [] : [[name, parts[name]] as const]
  );
}

/** The registers that this CPU has: the kernel also lists some that cannot be read. */
function readableMsrs(vcpu: Vcpu, indices: Uint32Array): Msr[] {
  const msrs: Msr[] = [];
  for (let at = 0; at < indices.length; at++) {
    const read = vcpu.msrs(indices.subarray(at));
    msrs.push(...read);
    // The register after the last one that was read cannot be read.
    at += read.length;
  }
  return msrs;
}

/** Restores registers. One that cannot be set must already have the value. */
function restoreMsrs(vcpu: Vcpu, msrs: readonly Msr[]): void {
  // Kernels before 6.7 ignore a new value that is within a second of the counter: they take it for vCPUs
  // being started together. The time of a guest that has run for less would go back.
  const counter = msrs.find(({ index }) => index === TSC);
  if (counter !== undefined) vcpu.setMsrs([{ index: TSC, data: counter.data ^ FAR }]);
  for (let at = 0; at < msrs.length; at++) {
    at += vcpu.setMsrs(msrs.slice(at));
    const msr = msrs[at];
    if (msr !== undefined && vcpu.msrs([msr.index])[0]?.data !== msr.data) {
      throw refused(`has 0x${msr.data.toString(16)} in register 0x${msr.index.toString(16)}`);
    }
  }
}

function setFrequency(vcpu: Vcpu, khz: number): void {
  try {
    vcpu.setTscKhz(khz);
  } catch {
    throw refused(`counts time at ${khz} kHz`);
  }
}

function refused(what: string): TenderError {
  return new TenderError("host", `the state of the CPU ${what}: this host cannot restore it`);
}
