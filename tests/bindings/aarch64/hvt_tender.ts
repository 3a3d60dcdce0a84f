/**
 * A tender of aarch64's hvt for tests: the hypercalls are this project's own, the CPU is emulated, and
 * exceptions are taken here, because the emulator leaves them to its user.
 *
 * @module
 */
import { BootInfo } from "../../../abi/hvt.ts";
import { ENTRY, HYPERCALL_STORE, STACK_GAP } from "../../abi/hvt_aarch64.ts";
import { viewOf } from "../../../abi/layout.ts";
import { LOWEST_ADDRESS } from "../../../abi/solo5.ts";
import { bootArea, type Guest } from "../../../tender/guest.ts";
import type { Answer, Context } from "../../../tender/hvt/answer.ts";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import { hypercall, resumePoll } from "../../../tender/hvt/hypercalls.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { BOOT_START, loadGuest } from "./guest_memory.ts";
import { Emulator, EXCEPTIONS, type Stop } from "./unicorn.ts";

/** Frequency of the emulated CPU's counter, in Hz (its CNTFRQ_EL0). */
const COUNTER_FREQUENCY = 62_500_000n;

/** Runs a guest to its end. */
export function runHvt(guest: Guest, world: WaitingWorld): Outcome {
  using cpu = new Emulator();
  const area = bootArea(guest, {
    address: BOOT_START,
    infoSize: BootInfo.size,
    devices: world.devices.map(({ properties }) => ({ properties })),
  });
  BootInfo.write(viewOf(area.bytes), 0, {
    memSize: guest.memorySize,
    kernelEnd: guest.unikernel.kernelEnd,
    cpuCycleFreq: COUNTER_FREQUENCY,
    cmdline: area.cmdline,
    mft: area.mft,
  });
  const { bytes, restrictions } = loadGuest(cpu, guest, {
    address: BOOT_START,
    area,
    write: false,
  });
  const handles = world.devices.reduce(
    (set, { input }, index) => input === undefined ? set : set | 2n << BigInt(index),
    0n,
  );
  const context = { guest: new GuestView(bytes, restrictions), world, handles };

  let outcome: Outcome | undefined;
  const { address, size } = HYPERCALL_STORE;
  cpu.onStore({ address, size }, (offset, width, value) => {
    outcome ??= answerStore({ offset, width, value }, context, world);
    if (outcome !== undefined) cpu.stop();
  });
  cpu.set("pc", guest.unikernel.entry);
  cpu.set("sp", guest.memorySize - STACK_GAP);
  cpu.set("pstate", ENTRY.pstate);
  cpu.set("cpacr", ENTRY.cpacr);
  cpu.set(0, BOOT_START);
  for (;;) {
    const stop = cpu.run();
    outcome ??= takeException(cpu, stop);
    if (outcome !== undefined) return outcome;
  }
}

interface Store {
  readonly offset: number;
  readonly width: number;
  readonly value: number;
}

/** Answers a store above guest memory, which is a hypercall; waits if it asks to. */
function answerStore(
  { offset, width, value }: Store,
  context: Context,
  world: WaitingWorld,
): Outcome | undefined {
  const aligned = offset % HYPERCALL_STORE.step === 0 && width === HYPERCALL_STORE.width;
  let answer: Answer | null = aligned
    ? hypercall(offset / HYPERCALL_STORE.step, value, context)
    : null;
  while (answer?.kind === "wait") {
    world.wait(answer.deadline);
    answer = resumePoll(context, value, answer);
  }
  if (answer !== null) return answer?.outcome;
  const message = `no hypercall: ${width} bytes at offset 0x${offset.toString(16)}`;
  return { kind: "fault", fault: "call", reason: "mmio", message };
}

/** Classes of exceptions (ESR_EL1.EC). */
const CLASSES: Readonly<Record<number, number>> = {
  [EXCEPTIONS.undefined]: 0x00,
  [EXCEPTIONS.supervisorCall]: 0x15,
  [EXCEPTIONS.breakpoint]: 0x3c,
};
const INSTRUCTION_ABORT = 0x21;
const DATA_ABORT = 0x25;
/** Causes of an abort, at the last level of page tables: no page, or one that forbids it; and the bit of a write. */
const TRANSLATION = 0x07;
const PERMISSION = 0x0f;
const WRITE = 0x40;
/** ESR_EL1.IL: the instruction was of 32 bits. */
const LONG = 1 << 25;
/** From exception level 1, on its own stack: the second four vectors. */
const VECTOR = 0x200n;

/** What the CPU does on an exception. A store to protected memory is the host's, and ends the run. */
function takeException(cpu: Emulator, stop: Stop): Outcome | undefined {
  if (stop.kind === "stopped") return undefined;
  const pc = cpu.get("pc");
  if (stop.kind === "refused") {
    const { access, mapped, address } = stop;
    if (access === "write" && mapped && address >= LOWEST_ADDRESS) {
      const message = `pc=0x${pc.toString(16)}`;
      return { kind: "fault", fault: "memory", reason: "translation", message, address };
    }
    cpu.set("FAR_EL1", address);
  }
  const vector = cpu.get("VBAR_EL1") + VECTOR;
  if (pc === vector) {
    return { kind: "fault", fault: "trap", reason: "triple-fault", message: "no vectors" };
  }
  cpu.set("ESR_EL1", syndrome(stop));
  cpu.set("ELR_EL1", pc);
  cpu.set("SPSR_EL1", cpu.get("pstate"));
  cpu.set("pstate", ENTRY.pstate);
  cpu.set("pc", vector);
}

function syndrome(stop: Exclude<Stop, { kind: "stopped" }>): number {
  const of = (kind: number, details: number) => kind * 2 ** 26 + LONG + details;
  if (stop.kind === "exception") return of(CLASSES[stop.number]!, 0);
  const { access, mapped } = stop;
  const details = (mapped ? PERMISSION : TRANSLATION) + (access === "write" ? WRITE : 0);
  return of(access === "fetch" ? INSTRUCTION_ABORT : DATA_ABORT, details);
}
