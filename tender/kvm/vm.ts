/**
 * A virtual machine, the second of KVM's three kernel objects: memory, and what its vCPUs share.
 *
 * @module
 */
import { closeDescriptor } from "../../linux/libc.ts";
import type { Place } from "../../linux/memory.ts";
import { CAPABILITY, EnableCap, MemoryRegion } from "./abi.ts";
import { call, callWith } from "./ioctl.ts";
import { Vcpu } from "./vcpu.ts";

/** A virtual machine. Each method is one ioctl. */
export class Vm implements Disposable {
  readonly #fd: number;

  /** Takes over the descriptor. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** `KVM_SET_USER_MEMORY_REGION` */
  setMemoryRegion(region: Partial<ReturnType<typeof MemoryRegion.read>>): void {
    callWith(this.#fd, "SET_USER_MEMORY_REGION", MemoryRegion.encode(region));
  }

  /** `KVM_ENABLE_CAP`; `argument`: what the extension defines as its first. */
  enableCapability(capability: keyof typeof CAPABILITY, argument: number): void {
    const values = { cap: CAPABILITY[capability], arg0: BigInt(argument) };
    callWith(this.#fd, "ENABLE_CAP", EnableCap.encode(values));
  }

  /** `KVM_CREATE_VCPU`; `mmapSize` is `System.vcpuMmapSize`, and `place` where that is mapped, if not anywhere. */
  createVcpu(id: number, mmapSize: number, { place }: { place?: Place } = {}): Vcpu {
    return new Vcpu(call(this.#fd, "CREATE_VCPU", id), mmapSize, { place });
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
  }
}
