/**
 * KVM itself, the first of its three kernel objects: what the host supports, and new virtual machines.
 * Each method is one ioctl.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { closeDescriptor, ERRNO, SystemError } from "../../linux/libc.ts";
import { CAPABILITY, CpuidEntry, CpuidHeader, MsrList } from "./abi.ts";
import { call, callWith } from "./ioctl.ts";
import { Vm } from "./vm.ts";

/** Where the kernel offers KVM. */
export const KVM_PATH = "/dev/kvm";
/** More CPUID entries than any kernel has. */
const CPUID_MAX = 256;

/** KVM: `/dev/kvm`. */
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

  /** `KVM_CHECK_EXTENSION`: 0 if the kernel lacks it, else 1 or a number that the extension defines. */
  checkExtension(capability: keyof typeof CAPABILITY): number {
    return call(this.#fd, "CHECK_EXTENSION", CAPABILITY[capability]);
  }

  /** `KVM_CREATE_VM` */
  createVm(): Vm {
    return new Vm(call(this.#fd, "CREATE_VM"));
  }

  /** `KVM_GET_VCPU_MMAP_SIZE`, in bytes */
  vcpuMmapSize(): number {
    return call(this.#fd, "GET_VCPU_MMAP_SIZE");
  }

  /** `KVM_GET_SUPPORTED_CPUID`, as `Vcpu.setCpuid` takes it */
  supportedCpuid(): Uint8Array<ArrayBuffer> {
    const cpuid = new Uint8Array(CpuidHeader.size + CPUID_MAX * CpuidEntry.size);
    CpuidHeader.write(viewOf(cpuid), 0, { nent: CPUID_MAX });
    callWith(this.#fd, "GET_SUPPORTED_CPUID", cpuid);
    return cpuid;
  }

  /** `KVM_GET_MSR_INDEX_LIST`: the model-specific registers that make up a vCPU's state */
  msrIndices(): Uint32Array<ArrayBuffer> {
    const header = new Uint8Array(MsrList.size);
    try {
      callWith(this.#fd, "GET_MSR_INDEX_LIST", header);
    } catch (error) {
      // The list does not fit, and the kernel has written its length.
      if (!(error instanceof SystemError) || error.errno !== ERRNO.E2BIG) throw error;
    }
    const { nmsrs } = MsrList.read(viewOf(header), 0);
    const list = new Uint32Array(1 + nmsrs);
    list[0] = nmsrs;
    callWith(this.#fd, "GET_MSR_INDEX_LIST", new Uint8Array(list.buffer));
    return list.slice(1, 1 + list[0]!);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
  }
}
