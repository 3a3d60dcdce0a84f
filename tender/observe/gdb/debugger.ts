/**
 * gdb as an observer of a run. It listens, holds the guest before its first instruction until gdb has
 * connected and lets it go on, and talks to gdb whenever the guest stops for it.
 *
 * @module
 */
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
import { KILLED, type Outcome } from "../../outcome.ts";
import type { GdbOptions } from "../../target.ts";
import { trapRegisters } from "../remains.ts";
import { DebugCpu } from "./cpu.ts";
import { Link } from "./link.ts";
import { DebugMemory } from "./memory.ts";
import { endReply, eventReply, finalReply, SIGNAL, stopReply } from "./replies.ts";
import { type Action, answer } from "./stub.ts";
import { MachineTarget, threadLocalSize } from "./target.ts";
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
    const pages = new WatchedPages(machine, { window, bytes });
    const cpu = this.#cpu = new DebugCpu({ vcpu, memory, pages });
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

/**
 * Listens for a debugger.
 *
 * @throws {TenderError} "host" if it cannot
 */
export function listen(endpoint: Endpoint): Link {
  try {
    return new Link(endpoint);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("host", `cannot listen for gdb: ${error.message}`);
  }
}
