/**
 * Faults of a guest: the outcome for each exit that is not a hypercall.
 *
 * @module
 */
import type { FaultKind, FaultReason, Outcome } from "../outcome.ts";
import type { Exit } from "../kvm/exit.ts";
import { SUBERROR_EMULATION } from "../kvm/abi.ts";

/** Where the vCPU stands. */
export interface Place {
  /** Its instruction pointer. */
  readonly rip: bigint;
  /** Size of guest memory in bytes. */
  readonly memorySize: number;
}

/** How to avoid the most frequent of these instructions, which compilers use unasked. */
const VECTORS =
  "if it is a vector instruction, build with -- -mgeneral-regs-only, or for spt, which runs it";

/** The outcome of a run that ends with this exit. */
export function faultOf(exit: Exclude<Exit, { kind: "intr" }>, place: Place): Outcome {
  const rip = `rip=${hex(place.rip)}`;
  switch (exit.kind) {
    case "fault":
      return translation(rip);
    case "mmio":
      // A KVM that emulates the CPU reports a write to a read-only page of the host's in this way.
      if (exit.address < place.memorySize) return translation(rip, exit.address);
      return fault("mmio", `guest access outside of its memory: ${mmioText(exit)}, ${rip}`, {
        address: Number(exit.address),
      });
    case "io":
      return fault("port", `guest used a port that is not a hypercall: ${ioText(exit)}, ${rip}`);
    case "shutdown":
      return fault("triple-fault", `guest CPU triple fault: ${rip}`);
    case "hlt":
      return fault("halted", `guest halted its CPU, and nothing would wake it: ${rip}`);
    case "internal_error":
      if (exit.suberror === SUBERROR_EMULATION) {
        const message = `this host's KVM cannot emulate an instruction of this guest (${VECTORS})`;
        return fault("emulation", `${message}: ${rip}`);
      }
      return fault("host", `KVM internal error ${exit.suberror}: ${rip}`);
    case "fail_entry":
      return fault("host", `KVM could not enter the guest: reason ${hex(exit.reason)}, ${rip}`);
    case "exception":
      return fault("host", `KVM exit for exception ${exit.vector}: ${rip}`);
    case "unknown":
      return fault("host", `KVM exit ${exit.reason}, which this tender does not know: ${rip}`);
  }
}

/** The words of Solo5's tender, which scripts look for. */
function translation(rip: string, address?: bigint): Outcome {
  const at = address === undefined ? undefined : { address: Number(address) };
  return fault("translation", `host/guest translation fault: ${rip}`, at);
}

function ioText({ out, port, size, count }: Extract<Exit, { kind: "io" }>): string {
  const times = count === 1 ? "" : `, ${count} times`;
  return `${out ? "out" : "in"} of ${size * 8} bits, port ${hex(port)}${times}`;
}

function mmioText({ write, length, address }: Extract<Exit, { kind: "mmio" }>): string {
  return `${write ? "write" : "read"} of ${length} bytes at ${hex(address)}`;
}

/** The kind of each fault, by its reason. */
const FAULTS = {
  "translation": "memory",
  "mmio": "memory",
  "triple-fault": "trap",
  "halted": "instruction",
  "port": "call",
  "emulation": "instruction",
  "host": "host",
} as const satisfies Partial<Record<FaultReason, FaultKind>>;

function fault(
  reason: keyof typeof FAULTS,
  message: string,
  at?: { address: number },
): Outcome {
  return { kind: "fault", fault: FAULTS[reason], reason, message, ...at };
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
