/**
 * Answers the instructions by which a guest learns from its CPU what differs from run to run: they were
 * replaced by an `out` to a port of their own.
 *
 * @module
 */
import { type CpuSite, replaceIn } from "../../../elftool/x86_64/cpu_inputs.ts";
import type { Exit } from "../../kvm/exit.ts";
import { INTR } from "../../kvm/exit.ts";
import type { Vcpu } from "../../kvm/vcpu.ts";
import { type CpuAnswers, resultsOf } from "../../record/instructions.ts";
import type { Cpu } from "../observer.ts";
import type { Machine } from "../machine.ts";

/** The port: no hypercall has it, and no device of a PC that firmware would look for. */
export const CPU_PORT = 0xe0;
/** Size of the `out` that leaves the guest, in bytes. */
const OUT_SIZE = 2n;
/** Most answers in one go, so that a guest that asks all the time is interrupted as others are. */
const TURN = 1000;

/** The machine with a guest's instructions replaced. */
export function replaced(machine: Machine, sites: readonly CpuSite[]): Machine {
  const contents = machine.contents.map((content) => replaceIn(content, { sites, port: CPU_PORT }));
  return { ...machine, contents };
}

/** A vCPU, as far as it is needed for that. */
export type CpuState = Pick<Vcpu, "complete" | "registers" | "setRegisters">;

/**
 * A vCPU whose guest gets such answers.
 *
 * @param options `state` gives the vCPU itself, once there is one; `paused`: whether the guest is not to go
 * on now
 */
export function answering(
  cpu: Cpu,
  { sites, answers, state, paused = () => false }: {
    sites: readonly CpuSite[];
    answers: CpuAnswers;
    state: () => CpuState;
    paused?: () => boolean;
  },
): Cpu {
  const byAddress = new Map(sites.map((site) => [site.address, site]));
  return {
    registers: () => cpu.registers(),
    run() {
      for (let turn = 0; turn < TURN && !paused(); turn++) {
        const exit = cpu.run();
        if (!isAnswered(exit)) return exit;
        const vcpu = state();
        // The registers are those behind the instruction only when it is complete.
        vcpu.complete();
        const registers = vcpu.registers();
        const site = byAddress.get(Number(registers.rip - OUT_SIZE));
        if (site === undefined) return exit;
        vcpu.setRegisters({ ...registers, ...resultsOf(site, { registers, answers }) });
      }
      return INTR;
    },
  };
}

function isAnswered(exit: Exit): boolean {
  return exit.kind === "io" && exit.out && exit.port === CPU_PORT;
}
