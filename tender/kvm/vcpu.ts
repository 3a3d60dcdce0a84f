/**
 * A virtual CPU, the third of KVM's three kernel objects: running it, and its state.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { ERRNO, errno, libc, SystemError } from "../../linux/libc.ts";
import { Mapping, type Place } from "../../linux/memory.ts";
import {
  EXIT_REASON,
  Fpu,
  GuestDebug,
  MsrEntry,
  MsrsHeader,
  type Registers,
  Regs,
  REQUEST,
  Run,
  SignalMask,
  type SpecialRegisters,
  Sregs,
} from "./abi.ts";
import { type Exit, FAULT, INTR, readExit } from "./exit.ts";
import { call, callWith, get, getBytes, type Request } from "./ioctl.ts";

const { ioctl_run } = libc({
  ioctl_run: { name: "ioctl", parameters: ["i32", "u32", "usize"], result: "i32" },
});

/** Most bytes of one `KVM_EXIT_MMIO`. */
const MMIO_DATA_SIZE = 8;

/** A model-specific register: its number and its value. */
export type Msr = ReturnType<typeof MsrEntry.read>;

/** The parts of a vCPU's state that are saved as the kernel's structures. */
export type StatePart = "FPU" | "XSAVE" | "XCRS" | "VCPU_EVENTS" | "DEBUGREGS" | "MP_STATE";

/** A virtual CPU. Its calls belong on the thread that made it. */
export class Vcpu implements Disposable {
  readonly #fd: number;
  readonly #run: Mapping;
  readonly #view: DataView;

  /** See `Vm.createVcpu`. */
  constructor(fd: number, mmapSize: number, { place }: { place?: Place } = {}) {
    this.#fd = fd;
    this.#run = new Mapping(fd, mmapSize, { place });
    this.#view = viewOf(this.#run.bytes);
  }

  /** The descriptor that its ioctls go to. */
  get descriptor(): number {
    return this.#fd;
  }

  /** `KVM_RUN`: runs the guest until its next exit. */
  run(): Exit {
    if (ioctl_run(this.#fd, REQUEST.RUN, 0n) === 0) return readExit(this.#view);
    const code = errno();
    if (code === ERRNO.EINTR || code === ERRNO.EAGAIN) return INTR;
    if (code === ERRNO.EFAULT) return FAULT;
    throw new SystemError("KVM_RUN", code);
  }

  /** `KVM_GET_REGS` */
  registers(): Registers {
    return get(this.#fd, "GET_REGS", Regs);
  }

  /** `KVM_SET_REGS`; what is not given becomes 0. */
  setRegisters(registers: Partial<Registers>): void {
    callWith(this.#fd, "SET_REGS", Regs.encode(registers));
  }

  /** `KVM_GET_SREGS` */
  specialRegisters(): SpecialRegisters {
    return get(this.#fd, "GET_SREGS", Sregs);
  }

  /** `KVM_SET_SREGS` */
  setSpecialRegisters(registers: SpecialRegisters): void {
    callWith(this.#fd, "SET_SREGS", Sregs.encode(registers));
  }

  /** `KVM_GET_FPU`: a `struct kvm_fpu` */
  fpu(): Uint8Array<ArrayBuffer> {
    return this.part("FPU", Fpu.size);
  }

  /** `KVM_SET_FPU` */
  setFpu(fpu: Uint8Array<ArrayBuffer>): void {
    this.setPart("FPU", fpu);
  }

  /** `KVM_SET_GUEST_DEBUG` */
  setGuestDebug(debug: Partial<ReturnType<typeof GuestDebug.read>>): void {
    callWith(this.#fd, "SET_GUEST_DEBUG", GuestDebug.encode(debug));
  }

  /**
   * `KVM_SET_SIGNAL_MASK`: no signal is blocked while the guest runs. A signal that the thread blocks ends
   * {@linkcode run} and stays pending.
   */
  openToSignals(): void {
    const len = SignalMask.sizes.sigset;
    callWith(this.#fd, "SET_SIGNAL_MASK", SignalMask.encode({ len }));
  }

  /**
   * Completes the instruction of the last exit, and stops before the next one. Without this, the registers
   * may be those from before the instruction.
   *
   * @returns the exit that the instruction caused; "intr" if none
   */
  complete(): Exit {
    this.#view.setUint8(Run.offsets.immediateExit, 1);
    try {
      return this.run();
    } finally {
      this.#view.setUint8(Run.offsets.immediateExit, 0);
    }
  }

  /** The details of the last exit, if it was `KVM_EXIT_DEBUG`. */
  debugExit(): { exception: number; dr6: bigint } | undefined {
    const { exitReason, debugException, debugDr6 } = Run.offsets;
    if (this.#view.getUint32(exitReason, true) !== EXIT_REASON.debug) return undefined;
    return {
      exception: this.#view.getUint32(debugException, true),
      dr6: this.#view.getBigUint64(debugDr6, true),
    };
  }

  /** The data of the last exit, if it was `KVM_EXIT_MMIO`: those written, or those to be read. */
  mmioData(): Uint8Array {
    return this.#run.bytes.subarray(Run.offsets.mmioData, Run.offsets.mmioData + MMIO_DATA_SIZE);
  }

  /** What the guest reads, if the last exit was `KVM_EXIT_IO` of one `in`. */
  answerInput(value: number): void {
    const { ioSize, ioDataOffset } = Run.offsets;
    const size = this.#view.getUint8(ioSize);
    const data = this.#view.getUint32(ioDataOffset, true);
    if (size === 4) this.#view.setUint32(data, value, true);
    else if (size === 2) this.#view.setUint16(data, value, true);
    else this.#view.setUint8(data, value);
  }

  /**
   * `KVM_GET_…` of a part of the state.
   *
   * @param size of the structure, in bytes
   */
  part(name: StatePart | "XSAVE2", size: number): Uint8Array<ArrayBuffer> {
    return getBytes(this.#fd, `GET_${name}` as Request, size);
  }

  /** `KVM_SET_…` of a part of the state, or of registers that were encoded before. */
  setPart(name: StatePart | "REGS" | "SREGS", bytes: Uint8Array<ArrayBuffer>): void {
    callWith(this.#fd, `SET_${name}` as Request, bytes);
  }

  /** `KVM_GET_MSRS`: the values, in order, up to the first register that cannot be read */
  msrs(indices: ArrayLike<number>): Msr[] {
    const { bytes, view } = encodeMsrs(Array.from(indices, (index) => ({ index, data: 0n })));
    const count = callWith(this.#fd, "GET_MSRS", bytes);
    return Array.from(
      { length: count },
      (_, n) => MsrEntry.read(view, MsrsHeader.size + n * MsrEntry.size),
    );
  }

  /**
   * `KVM_SET_MSRS`
   *
   * @returns how many were set, up to the first that the kernel refuses
   */
  setMsrs(msrs: readonly Msr[]): number {
    return callWith(this.#fd, "SET_MSRS", encodeMsrs(msrs).bytes);
  }

  /** `KVM_SET_CPUID2` */
  setCpuid(cpuid: Uint8Array<ArrayBuffer>): void {
    callWith(this.#fd, "SET_CPUID2", cpuid);
  }

  /** `KVM_GET_TSC_KHZ`: the frequency of the guest's time stamp counter, in kHz */
  tscKhz(): number {
    return call(this.#fd, "GET_TSC_KHZ");
  }

  /** `KVM_SET_TSC_KHZ`: has the guest's time stamp counter run at a frequency, in kHz */
  setTscKhz(khz: number): void {
    call(this.#fd, "SET_TSC_KHZ", khz);
  }

  [Symbol.dispose](): void {
    this.#run.close();
  }
}

/** Registers as the kernel takes them: a header, then an entry for each. */
function encodeMsrs(msrs: readonly Msr[]): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const bytes = new Uint8Array(MsrsHeader.size + msrs.length * MsrEntry.size);
  const view = viewOf(bytes);
  MsrsHeader.write(view, 0, { nmsrs: msrs.length });
  msrs.forEach((msr, n) => MsrEntry.write(view, MsrsHeader.size + n * MsrEntry.size, msr));
  return { bytes, view };
}
