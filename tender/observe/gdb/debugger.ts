/**
 * gdb as an observer of a run. It listens, holds the guest before its first instruction until gdb has
 * connected and lets it go on, and talks to gdb whenever the guest stops for it.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../../abi/elf.ts";
import { alignUp } from "../../../abi/layout.ts";
import { EXIT } from "../../../abi/solo5.ts";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import type { Unikernel } from "../../../elftool/unikernel.ts";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { SystemError } from "../../../linux/libc.ts";
import { Mapping } from "../../../linux/memory.ts";
import type { Endpoint } from "../../../linux/socket.ts";
import { TenderError } from "../../error.ts";
import type { Guest } from "../../guest.ts";
import { type PollWait, RunEnded } from "../../hvt/answer.ts";
import type { Attached, Calls, EndedMachine, Observer, WholeMachine } from "../../hvt/observer.ts";
import type { World } from "../../hvt/world.ts";
import type { Exit } from "../../kvm/exit.ts";
import { KILLED, type Outcome, statusOf } from "../../outcome.ts";
import type { GdbOptions } from "../../target.ts";
import { trapRegisters } from "../remains.ts";
import { DebugCpu, type DebugEvent } from "./cpu.ts";
import { Link } from "./link.ts";
import { DebugMemory } from "./memory.ts";
import { type Action, answer } from "./stub.ts";
import { MachineTarget } from "./target.ts";
import { WatchedPages } from "./watchpoints.ts";

/**
 * Makes an observer that is a debugger.
 *
 * @throws {TenderError} "host" if it cannot listen there
 */
export function debugWith(guest: Guest, { endpoint, say }: GdbOptions): Observer {
  const link = listen(endpoint);
  const place = `${endpoint.address.join(".")}:${link.port}`;
  const { name } = guest.unikernel;
  return new Debugger(guest, {
    link,
    ready: () => say(`waiting for gdb: gdb ${name} -ex 'target remote ${place}'`),
  });
}

/** Signals of Linux that tell gdb why a guest is stopped. */
const SIGNAL = { INT: 2, ILL: 4, TRAP: 5, ABRT: 6, SEGV: 11 } as const;
/** How often a waiting guest checks for gdb, in nanoseconds. */
const ATTENTION = 20_000_000n;

/** Why the guest is stopped for gdb. */
interface Halt {
  /** The stop reply: sent at once if `announced`, and whenever gdb asks. */
  readonly reply: string;
  readonly announced: boolean;
}

/** A debugger of one run. */
class Debugger implements Observer {
  readonly #guest: Guest;
  readonly #link: Link;
  readonly #ready: () => void;
  readonly #resources = new DisposableStack();
  #cpu!: DebugCpu;
  #target!: MachineTarget;
  /** Why the guest is stopped; at first, because it has not begun. */
  #halt: Halt | undefined = { reply: stopReply(SIGNAL.TRAP), announced: false };
  #killed = false;

  constructor(guest: Guest, { link, ready }: { link: Link; ready: () => void }) {
    this.#guest = guest;
    this.#link = this.#resources.use(link);
    this.#ready = ready;
  }

  attach({ vcpu, memory: window, machine }: WholeMachine): Attached {
    // A second mapping of the same memory, which the debugger can read and write everywhere.
    const file = openDescriptor(`/proc/self/fd/${window.fd}`);
    const { bytes } = this.#resources.use(new Mapping(file, machine.memorySize));
    const memory = new DebugMemory(bytes);
    const cpu = this.#cpu = new DebugCpu({
      vcpu,
      memory,
      pages: new WatchedPages(machine, { window, bytes }),
    });
    const { devices, unikernel } = this.#guest;
    const tlsSize = threadLocalSize(unikernel);
    this.#target = new MachineTarget({ cpu, memory, tlsSize, devices });
    return { cpu: { run: () => this.#run(), registers: () => cpu.registers() }, bytes };
  }

  begin(): void {
    this.#ready();
  }

  /** Divides waits into short ones, so that gdb can interrupt them. */
  calls({ hypercall, resumePoll, serveRequest }: Calls): Calls {
    return {
      serveRequest,
      hypercall: (number, block, context) => {
        const answer = hypercall(number, block, context);
        return answer?.kind === "wait" ? this.#attentively(answer, context.world) : answer;
      },
      resumePoll: (context, block, wait) => {
        this.#attend();
        const answer = resumePoll(context, block, wait);
        return answer?.kind === "wait" ? this.#attentively(answer, context.world) : answer;
      },
    };
  }

  ended(outcome: Outcome, { memory }: EndedMachine): void {
    if (this.#killed) return;
    if (outcome.kind !== "exit" && this.#link.connected) {
      const { rip, rflags, rsp } = trapRegisters(outcome, memory) ?? {};
      this.#target.overlay = rip === undefined ? {} : { rip, rflags, rsp };
      const reply = endReply(outcome);
      this.#link.send(reply);
      if (this.#converse(reply, { ended: true }) === "kill") return;
    }
    this.#link.send(finalReply(outcome));
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }

  #run(): Exit {
    this.#attend();
    const exit = this.#cpu.run();
    const event = this.#cpu.takeEvent();
    if (event !== undefined) this.#halt = { reply: eventReply(event), announced: true };
    return exit;
  }

  #attentively(wait: PollWait, world: World): PollWait {
    const soon = world.monotonic() + ATTENTION;
    return { ...wait, deadline: soon < wait.until ? soon : wait.until };
  }

  /** Talks to gdb, if the guest is stopped or gdb has sent something. */
  #attend(): void {
    const halt = this.#halt ?? this.#news();
    if (halt === undefined) return;
    this.#halt = undefined;
    if (halt.announced) this.#link.send(halt.reply);
    const go = this.#converse(halt.reply, { ended: false });
    switch (go) {
      case "kill":
        this.#killed = true;
        throw new RunEnded(KILLED);
      case "detach":
        this.#cpu.disarm();
        return this.#link.hangUp();
      default:
        this.#cpu.arm({ step: go === "step" });
    }
  }

  /** Why the guest has to stop because of what gdb did while it ran. */
  #news(): Halt | undefined {
    switch (this.#link.look()) {
      case "interrupt":
        return { reply: stopReply(SIGNAL.INT), announced: true };
      case "connected":
        return { reply: stopReply(SIGNAL.TRAP), announced: false };
      case "disconnected":
        this.#cpu.disarm();
    }
  }

  /** Answers gdb until it lets the guest go on; `reply` says why the guest is stopped. */
  #converse(reply: string, { ended }: { ended: boolean }): NonNullable<Action["go"]> {
    const link = this.#link;
    for (;;) {
      const packet = link.receive();
      if (packet === undefined) {
        // A guest that has ended has nothing to wait for.
        if (ended) return "detach";
        link.connect();
        continue;
      }
      const action: Action = packet === "?" ? { reply } : answer(this.#target, packet);
      if (action.reply !== undefined) link.send(action.reply);
      if (action.noAck) link.trust();
      if (action.go !== undefined) return action.go;
    }
  }
}

/** The last reply to gdb. */
function finalReply(outcome: Outcome): string {
  if (outcome.kind === "exit") return `W${hexByte(outcome.status)}`;
  if (outcome.kind === "signal") return `X${hexByte(outcome.signal)}`;
  const status = statusOf(outcome);
  return status === EXIT.ABORT ? `W${hexByte(status)}` : `X${hexByte(SIGNAL.SEGV)}`;
}

/** The stop reply for a guest that did not end by an exit of its own. */
function endReply(outcome: Outcome): string {
  if (outcome.kind === "abort") return stopReply(SIGNAL.ABRT);
  if (outcome.kind === "fault" && outcome.reason === "emulation") return stopReply(SIGNAL.ILL);
  return stopReply(SIGNAL.SEGV);
}

function eventReply(event: DebugEvent): string {
  if (event.kind === "step") return stopReply(SIGNAL.TRAP);
  if (event.kind === "breakpoint") return stopReply(SIGNAL.TRAP, "swbreak:;");
  const { kind, address } = event.watchpoint;
  if (kind === "execute") return stopReply(SIGNAL.TRAP, "hwbreak:;");
  const word = { write: "watch", read: "rwatch", access: "awatch" }[kind];
  return stopReply(SIGNAL.TRAP, `${word}:${address.toString(16)};`);
}

function stopReply(signal: number, reason = ""): string {
  return `T${hexByte(signal)}thread:1;${reason}`;
}

function hexByte(value: number): string {
  return (value & 0xff).toString(16).padStart(2, "0");
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
