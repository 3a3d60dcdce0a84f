/**
 * What the run loop adds to a hypercall, outside `KVM_RUN`. In place of the kernel there is a CPU that
 * always has the same exit in its page; everything else is real.
 *
 * @module
 */
import { HYPERCALL, HYPERCALL_PORT } from "../../abi/hvt.ts";
import { readExit } from "../../tender/kvm/exit.ts";
import { EXIT_REASON, IO_OUT, Run } from "../../tender/kvm/abi.ts";
import { GuestView } from "../../tender/hvt/guest_view.ts";
import { RunLoop } from "../../tender/hvt/run_loop.ts";
import { median } from "./measure.ts";
import type { Figure } from "./result.ts";
import { hostWorld } from "../tender/hvt/machine.ts";

const MEMORY_SIZE = 0x20_0000;
const BLOCK = 0x15_0000;
const CALLS = 20_000;
const ROUNDS = 30;

/** Measures a hypercall that asks the host for the time. */
export function hypercallCost(): Figure[] {
  const view = exitPage(HYPERCALL_PORT + HYPERCALL.walltime, BLOCK);
  const guest = new GuestView(new Uint8Array(MEMORY_SIZE), []);
  const cpu = {
    run: () => readExit(view),
    registers: () => {
      throw new Error("the guest came to an end");
    },
  };
  const loop = new RunLoop(cpu, { guest, world: hostWorld(), handles: 0n });
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    loop.step(CALLS);
    return (performance.now() - start) * 1e6 / CALLS;
  });
  return [{
    name: "hypercall walltime, outside KVM_RUN",
    value: median(times),
    unit: "ns",
    limit: { atMost: 2000 },
  }];
}

/** A `kvm_run` page as the kernel leaves it after a 32-bit `out`. */
function exitPage(port: number, value: number): DataView {
  const dataOffset = 0x1000;
  const view = new DataView(new ArrayBuffer(0x2000));
  Run.write(view, 0, {
    exitReason: EXIT_REASON.io,
    ioDirection: IO_OUT,
    ioSize: 4,
    ioPort: port,
    ioCount: 1,
    ioDataOffset: dataOffset,
  });
  view.setUint32(dataOffset, value, true);
  return view;
}
