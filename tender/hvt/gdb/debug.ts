/**
 * Running a guest under gdb: listens, waits for gdb, and then runs the guest as gdb wants it.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../../abi/elf.ts";
import { alignUp } from "../../../abi/layout.ts";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import type { Unikernel } from "../../../elftool/unikernel.ts";
import { TenderError } from "../../error.ts";
import type { Guest } from "../../guest.ts";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { SystemError } from "../../../linux/libc.ts";
import { Mapping } from "../../../linux/memory.ts";
import type { Endpoint } from "../../../linux/socket.ts";
import type { Outcome } from "../../outcome.ts";
import type { Attach, Observer } from "../observer.ts";
import { trapRegisters } from "../trap_registers.ts";
import { createVm } from "../vm.ts";
import { hostWorld } from "../world.ts";
import { DebugCpu } from "./cpu.ts";
import { Link } from "./link.ts";
import { DebugMemory } from "./memory.ts";
import { debug } from "./session.ts";
import { MachineTarget } from "./target.ts";
import { WatchedPages } from "./watched_pages.ts";

/** How to run a guest under gdb. */
export interface DebugOptions {
  /** Where to listen. */
  readonly endpoint: Endpoint;
  readonly observers?: readonly Observer[];
  /** Is told how to connect, once gdb can. */
  say(message: string): void;
}

/** A machine, taken apart for a debugger. */
interface Seized {
  readonly cpu: DebugCpu;
  readonly memory: DebugMemory;
}

/**
 * Runs a guest of the hvt target under gdb: nothing of it runs before gdb has connected and says so.
 *
 * @throws {TenderError} if this host cannot run it, or it cannot listen there
 */
export function debugHvt(guest: Guest, options: DebugOptions): Outcome {
  const { endpoint, observers = [], say } = options;
  const { name } = guest.unikernel;
  const tlsSize = threadLocalSize(guest.unikernel);
  using resources = new DisposableStack();
  const link = resources.use(listen(endpoint));
  const world = resources.use(hostWorld(guest.devices));
  let seized: Seized | undefined;
  const attach: Attach = (machine) =>
    (seized = seize(machine, resources)) && {
      cpu: seized.cpu,
      bytes: seized.memory.bytes,
    };
  const vm = resources.use(createVm(guest, world, { observers, attach }));
  const { cpu, memory } = seized!;
  const target = new MachineTarget({ cpu, memory, tlsSize, devices: guest.devices });
  const place = `${endpoint.address.join(".")}:${link.port}`;
  say(`waiting for gdb: gdb ${name} -ex 'target remote ${place}'`);
  const outcome = debug({
    link,
    cpu,
    target,
    step: () => vm.step(1),
    wait: ({ deadline, atMost }) => {
      const soon = world.monotonic() + atMost;
      world.wait(deadline < soon ? deadline : soon);
    },
    finalRegisters: (outcome) => {
      const { rip, rflags, rsp } = trapRegisters(outcome, vm.memory) ?? {};
      return rip === undefined ? {} : { rip, rflags, rsp };
    },
  });
  for (const observer of observers) observer.ended?.(outcome, vm);
  return outcome;
}

function seize(
  { vcpu, memory: window, machine }: Parameters<Attach>[0],
  resources: DisposableStack,
): Seized {
  // The same memory once more: writable where the guest's is not, and open where it is closed.
  const file = openDescriptor(`/proc/self/fd/${window.fd}`);
  const { bytes } = resources.use(new Mapping(file, machine.memorySize));
  const memory = new DebugMemory(bytes);
  const pages = new WatchedPages(machine, { window, bytes });
  return { cpu: new DebugCpu({ vcpu, memory, pages }), memory };
}

/** Size of the thread-local variables below the thread pointer, in bytes. */
function threadLocalSize({ file, name }: Unikernel): number {
  if (file === undefined) return 0;
  const { TLS } = SEGMENT_TYPES;
  const segment = readPrograms(readElf(file, { name })).find(({ type }) => type === TLS);
  return segment === undefined ? 0 : alignUp(segment.memsz, Math.max(segment.align, 1));
}

function listen(endpoint: Endpoint): Link {
  try {
    return new Link(endpoint);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("host", `cannot listen for gdb: ${error.message}`);
  }
}
