/**
 * Examines KVM: whether it exists, whether this user may use it, and whether guests run on it at the
 * hardware's speed.
 *
 * @module
 */
import { ERRNO, SystemError } from "../../linux/libc.ts";
import { type Permit, permit } from "../../linux/permit.ts";
import { KVM_PATH, System } from "../../tender/kvm/system.ts";
import { HvtTender } from "../../tender/hvt/tender.ts";
import { describe } from "../../tender/outcome.ts";
import { TenderError } from "../../tender/error.ts";
import { type Finding, reasonOf, withLogin } from "./finding.ts";
import { COUNTED, countingGuest } from "./probe.ts";

/** What the examination needs from a host. */
export interface KvmProbe {
  /** @throws {SystemError} if KVM cannot be opened */
  open(): void;
  /**
   * Runs a guest on it.
   *
   * @returns instructions per second
   * @throws {TenderError} or {SystemError} if it does not run
   */
  measure(): number;
  /** Vendor of the CPU, as in `/proc/cpuinfo`. */
  vendor(): string;
  /** How to let this user open KVM; see {@linkcode permit}. */
  permit(): Permit;
}

/** Instructions per second: every CPU executes more, every emulator fewer. */
const EMULATED = 10_000_000;

/** Examines KVM. */
export function examineKvm(probe: KvmProbe = hostKvm): Finding {
  const subject = "kvm";
  try {
    probe.open();
  } catch (error) {
    return { subject, state: "fault", detail: reasonOf(error), fix: fixFor(error, probe) };
  }
  try {
    const speed = probe.measure();
    const millions = `${(speed / 1e6).toPrecision(2)} million instructions a second`;
    return speed >= EMULATED
      ? { subject, state: "ok", detail: "runs guests at the hardware's speed" }
      : {
        subject,
        state: "warning",
        detail: `runs guests, but emulates them: ${millions}; spt guests are not slowed down`,
      };
  } catch (error) {
    const fix = `sudo modprobe -r ${moduleOf(probe)} && sudo modprobe ${moduleOf(probe)}`;
    return { subject, state: "fault", detail: reasonOf(error), fix };
  }
}

function fixFor(error: unknown, probe: KvmProbe): string {
  const { errno } = error as SystemError;
  if (errno === ERRNO.EPERM) return `docker run --device ${KVM_PATH} ...`;
  if (errno !== ERRNO.EACCES) return `sudo modprobe ${moduleOf(probe)}`;
  return withLogin(probe.permit());
}

function moduleOf(probe: KvmProbe): string {
  return probe.vendor() === "AuthenticAMD" ? "kvm_amd" : "kvm_intel";
}

const hostKvm: KvmProbe = {
  permit: () => permit(KVM_PATH),
  open: () => new System()[Symbol.dispose](),
  measure: () => {
    const tender = new HvtTender();
    const guest = countingGuest();
    using host = tender.open(guest);
    const run = host.startWith(tender.compile(guest, host.facts));
    const start = performance.now();
    const stop = run.step();
    const seconds = (performance.now() - start) / 1000;
    if (stop.kind === "ended" && stop.outcome.kind === "exit") return COUNTED / seconds;
    const how = stop.kind === "ended" ? describe(stop.outcome) : stop.kind;
    throw new TenderError("host", `${KVM_PATH}: a guest does not run: ${how}`);
  },
  vendor: () => {
    try {
      return /^vendor_id\s*:\s*(\S+)/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "";
    } catch {
      return "";
    }
  },
};
