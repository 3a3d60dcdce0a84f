/**
 * Why a vCPU stopped: one type, with a variant for each of the kernel's exits that this tender
 * distinguishes. It is read from the shared `kvm_run` page at every exit: this is the hot path.
 *
 * @module
 */
import { EXIT_REASON, IO_OUT, Run } from "./abi.ts";

/** Why a vCPU stopped. */
export type Exit =
  /** `KVM_EXIT_IO`: an `in` or `out`, `size` bytes wide, `count` times; `value` of the first, for an `out`. */
  | {
    readonly kind: "io";
    readonly out: boolean;
    readonly port: number;
    readonly size: number;
    readonly count: number;
    readonly value: number;
  }
  /** `KVM_EXIT_MMIO`: an access of `length` bytes to memory that KVM cannot reach. */
  | {
    readonly kind: "mmio";
    readonly address: bigint;
    readonly length: number;
    readonly write: boolean;
  }
  /** `KVM_EXIT_HLT` */
  | { readonly kind: "hlt" }
  /** `KVM_EXIT_SHUTDOWN`: a triple fault. */
  | { readonly kind: "shutdown" }
  /** `KVM_EXIT_FAIL_ENTRY`: the hardware refused the vCPU's state. */
  | { readonly kind: "fail_entry"; readonly reason: bigint }
  /** `KVM_EXIT_INTERNAL_ERROR` */
  | { readonly kind: "internal_error"; readonly suberror: number }
  /** `KVM_EXIT_EXCEPTION` */
  | { readonly kind: "exception"; readonly vector: number }
  /** `KVM_EXIT_INTR`, or `KVM_RUN` failed with `EINTR` or `EAGAIN`: nothing happened, run again. */
  | { readonly kind: "intr" }
  /** `KVM_RUN` failed with `EFAULT`: the guest accessed memory in a way that its protection forbids. */
  | { readonly kind: "fault" }
  /** Any other exit. */
  | { readonly kind: "unknown"; readonly reason: number };

const HLT: Exit = { kind: "hlt" };
const SHUTDOWN: Exit = { kind: "shutdown" };

/** The exit if `KVM_RUN` was interrupted. */
export const INTR: Exit = { kind: "intr" };
/** The exit if `KVM_RUN` failed with `EFAULT`. */
export const FAULT: Exit = { kind: "fault" };

/** Reads the exit that the vCPU's `kvm_run` page holds. */
export function readExit(run: DataView): Exit {
  const { offsets } = Run;
  const reason = run.getUint32(offsets.exitReason, true);
  switch (reason) {
    case EXIT_REASON.io:
      return readIo(run);
    case EXIT_REASON.mmio:
      return {
        kind: "mmio",
        address: run.getBigUint64(offsets.mmioPhysAddr, true),
        length: run.getUint32(offsets.mmioLen, true),
        write: run.getUint8(offsets.mmioIsWrite) !== 0,
      };
    case EXIT_REASON.hlt:
      return HLT;
    case EXIT_REASON.shutdown:
      return SHUTDOWN;
    case EXIT_REASON.failEntry:
      return { kind: "fail_entry", reason: run.getBigUint64(offsets.failEntryReason, true) };
    case EXIT_REASON.internalError:
      return { kind: "internal_error", suberror: run.getUint32(offsets.internalSuberror, true) };
    case EXIT_REASON.exception:
      return { kind: "exception", vector: run.getUint32(offsets.exceptionVector, true) };
    case EXIT_REASON.intr:
      return INTR;
    default:
      return { kind: "unknown", reason };
  }
}

function readIo(run: DataView): Exit {
  const { offsets } = Run;
  const size = run.getUint8(offsets.ioSize);
  // The low word is enough: the data lie in the pages that are mapped together with this one.
  const data = run.getUint32(offsets.ioDataOffset, true);
  return {
    kind: "io",
    out: run.getUint8(offsets.ioDirection) === IO_OUT,
    port: run.getUint16(offsets.ioPort, true),
    size,
    count: run.getUint32(offsets.ioCount, true),
    value: size === 4
      ? run.getUint32(data, true)
      : size === 2
      ? run.getUint16(data, true)
      : run.getUint8(data),
  };
}
