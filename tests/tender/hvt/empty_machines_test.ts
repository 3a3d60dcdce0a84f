/**
 * Machines that are made ahead, of a KVM that counts them.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { Arena } from "../../../linux/arena.ts";
import { KVM_PMU_CAP_DISABLE } from "../../../tender/kvm/abi.ts";
import type { System } from "../../../tender/kvm/system.ts";
import { EmptyMachines } from "../../../tender/hvt/empty_machines.ts";

/** What happens to machines. */
class Kvm {
  readonly made: string[][] = [];
  open = 0;
  refuses = false;

  readonly system = {
    vcpuMmapSize: () => 4096,
    checkExtension: () => KVM_PMU_CAP_DISABLE,
    createVm: () => this.#createVm(),
  } as unknown as System;

  #createVm(): unknown {
    if (this.refuses) throw new Error("refused");
    const done: string[] = [];
    this.made.push(done);
    const say = (what: string) => () => void done.push(what);
    const vcpu = { openToSignals: say("open to signals"), [Symbol.dispose]: this.#closed() };
    return {
      enableCapability: say("no counters"),
      createVcpu: () => (done.push("a CPU"), vcpu),
      [Symbol.dispose]: this.#closed(),
    };
  }

  #closed(): () => void {
    this.open++;
    return () => void this.open--;
  }
}

/** Lets the event loop go round often enough for all that is made ahead. */
async function idle(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("empty machines: some are made while this thread has nothing to do", async () => {
  const kvm = new Kvm();
  using arena = new Arena();
  const machines = new EmptyMachines({ system: kvm.system, arena });
  equal(kvm.made.length, 0);
  await idle();
  const stock = kvm.made.length;
  deepEqual(kvm.made, Array(stock).fill(["no counters", "a CPU", "open to signals"]));
  const taken = Array.from({ length: stock }, () => machines.take());
  equal(kvm.made.length, stock);
  // There are no more of them, and whoever needs one does not wait.
  taken.push(machines.take());
  equal(kvm.made.length, stock + 1);
  await idle();
  equal(kvm.made.length, 2 * stock + 1);
  for (const machine of taken) machine[Symbol.dispose]();
  equal(kvm.open, 2 * stock);
  machines[Symbol.dispose]();
  equal(kvm.open, 0);
});

Deno.test("empty machines: one that cannot be made ahead is missed by nobody", async () => {
  const kvm = new Kvm();
  using arena = new Arena();
  const machines = new EmptyMachines({ system: kvm.system, arena });
  kvm.refuses = true;
  await idle();
  throws(() => machines.take(), { message: "refused" });
  kvm.refuses = false;
  machines.take()[Symbol.dispose]();
  await idle();
  const made = kvm.made.length;
  machines.take()[Symbol.dispose]();
  equal(kvm.made.length, made);
  machines[Symbol.dispose]();
  await idle();
  deepEqual([kvm.open, kvm.made.length], [0, made]);
});
