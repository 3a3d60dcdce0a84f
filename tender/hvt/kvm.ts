/**
 * KVM as its own three objects, each call a thin typed ioctl. What to do with them is decided elsewhere.
 *
 * @module
 */
import { type Fields, type Struct, type Values, viewOf } from "../../abi/layout.ts";
import { openDescriptor } from "../host/descriptor.ts";
import { check, closeDescriptor, ERRNO, errno, libc, seldom, SystemError } from "../host/libc.ts";
import { Mapping } from "../host/memory.ts";
import { type Exit, FAULT, INTR, readExit } from "./exit.ts";
import {
  CpuidEntry,
  CpuidHeader,
  EXIT_REASON,
  Fpu,
  GuestDebug,
  MemoryRegion,
  type Registers,
  Regs,
  REQUEST,
  Run,
  SignalMask,
  type SpecialRegisters,
  Sregs,
} from "./kvm_abi.ts";

const { ioctl_run } = libc({
  ioctl_run: { name: "ioctl", parameters: ["i32", "u32", "usize"], result: "i32" },
});
const c = seldom({
  ioctl: { parameters: ["i32", "u32", "usize"], result: "i32" },
  ioctl_struct: { name: "ioctl", parameters: ["i32", "u32", "buffer"], result: "i32" },
});

/** Where the kernel offers KVM. */
export const KVM_PATH = "/dev/kvm";
/** More CPUID entries than any kernel has. */
const CPUID_MAX = 256;
/** Most bytes of one `KVM_EXIT_MMIO`. */
const MMIO_DATA_SIZE = 8;

/** KVM itself: `/dev/kvm`. */
export class System implements Disposable {
  readonly #fd: number;

  /** @throws {SystemError} if this process may not use KVM */
  constructor() {
    this.#fd = openDescriptor(KVM_PATH);
  }

  /** `KVM_GET_API_VERSION` */
  apiVersion(): number {
    return call(this.#fd, "GET_API_VERSION");
  }

  /** `KVM_CREATE_VM` */
  createVm(): Vm {
    return new Vm(call(this.#fd, "CREATE_VM"));
  }

  /** `KVM_GET_VCPU_MMAP_SIZE`, in bytes */
  vcpuMmapSize(): number {
    return call(this.#fd, "GET_VCPU_MMAP_SIZE");
  }

  /** `KVM_GET_SUPPORTED_CPUID`, as {@linkcode Vcpu.setCpuid} takes it */
  supportedCpuid(): Uint8Array<ArrayBuffer> {
    const cpuid = new Uint8Array(CpuidHeader.size + CPUID_MAX * CpuidEntry.size);
    CpuidHeader.write(viewOf(cpuid), 0, { nent: CPUID_MAX });
    callWith(this.#fd, "GET_SUPPORTED_CPUID", cpuid);
    return cpuid;
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
  }
}

/** A virtual machine: memory, and what its vCPUs share. */
export class Vm implements Disposable {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** `KVM_SET_USER_MEMORY_REGION` */
  setMemoryRegion(region: Partial<ReturnType<typeof MemoryRegion.read>>): void {
    callWith(this.#fd, "SET_USER_MEMORY_REGION", MemoryRegion.encode(region));
  }

  /** `KVM_CREATE_VCPU`; `mmapSize` is {@linkcode System.vcpuMmapSize}. */
  createVcpu(id: number, mmapSize: number): Vcpu {
    return new Vcpu(call(this.#fd, "CREATE_VCPU", id), mmapSize);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
  }
}

/** A virtual CPU. Its calls belong on the thread that made it. */
export class Vcpu implements Disposable {
  readonly #fd: number;
  readonly #run: Mapping;
  readonly #view: DataView;

  constructor(fd: number, mmapSize: number) {
    this.#fd = fd;
    this.#run = new Mapping(fd, mmapSize);
    this.#view = viewOf(this.#run.bytes);
  }

  /** The descriptor that its calls go to. */
  get descriptor(): number {
    return this.#fd;
  }

  /** `KVM_RUN`: runs the guest until it needs an answer. */
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
    const fpu = new Uint8Array(Fpu.size);
    callWith(this.#fd, "GET_FPU", fpu);
    return fpu;
  }

  /** `KVM_SET_FPU` */
  setFpu(fpu: Uint8Array<ArrayBuffer>): void {
    callWith(this.#fd, "SET_FPU", fpu);
  }

  /** `KVM_SET_GUEST_DEBUG` */
  setGuestDebug(debug: Partial<ReturnType<typeof GuestDebug.read>>): void {
    callWith(this.#fd, "SET_GUEST_DEBUG", GuestDebug.encode(debug));
  }

  /**
   * `KVM_SET_SIGNAL_MASK`: no signal is blocked while the guest runs. One that the thread blocks ends
   * {@linkcode run} and stays pending.
   */
  openToSignals(): void {
    const len = SignalMask.sizes.sigset;
    callWith(this.#fd, "SET_SIGNAL_MASK", SignalMask.encode({ len }));
  }

  /**
   * Completes the instruction that the last exit was about, without going on to the next; otherwise
   * the registers are those from before it.
   *
   * @returns the exit that this led to; an interrupted run if to none
   */
  complete(): Exit {
    this.#view.setUint8(Run.offsets.immediateExit, 1);
    try {
      return this.run();
    } finally {
      this.#view.setUint8(Run.offsets.immediateExit, 0);
    }
  }

  /** What the last exit says, if it was `KVM_EXIT_DEBUG`. */
  debugExit(): { exception: number; dr6: bigint } | undefined {
    const { exitReason, debugException, debugDr6 } = Run.offsets;
    if (this.#view.getUint32(exitReason, true) !== EXIT_REASON.debug) return undefined;
    return {
      exception: this.#view.getUint32(debugException, true),
      dr6: this.#view.getBigUint64(debugDr6, true),
    };
  }

  /** The data of the last exit, if it was `KVM_EXIT_MMIO`: what was written, or is to be read. */
  mmioData(): Uint8Array {
    return this.#run.bytes.subarray(Run.offsets.mmioData, Run.offsets.mmioData + MMIO_DATA_SIZE);
  }

  /** `KVM_SET_CPUID2` */
  setCpuid(cpuid: Uint8Array<ArrayBuffer>): void {
    callWith(this.#fd, "SET_CPUID2", cpuid);
  }

  /** `KVM_GET_TSC_KHZ`: the frequency of the guest's time stamp counter, in kHz */
  tscKhz(): number {
    return call(this.#fd, "GET_TSC_KHZ");
  }

  [Symbol.dispose](): void {
    this.#run.close();
  }
}

function call(fd: number, request: keyof typeof REQUEST, argument = 0): number {
  return check(c.ioctl(fd, REQUEST[request], BigInt(argument)), `KVM_${request}`);
}

function callWith(
  fd: number,
  request: keyof typeof REQUEST,
  argument: Uint8Array<ArrayBuffer>,
): number {
  return check(c.ioctl_struct(fd, REQUEST[request], argument), `KVM_${request}`);
}

function get<F extends Fields>(
  fd: number,
  request: keyof typeof REQUEST,
  type: Struct<F>,
): Values<F> {
  const bytes = new Uint8Array(type.size);
  callWith(fd, request, bytes);
  return type.read(viewOf(bytes), 0);
}
