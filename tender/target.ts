/**
 * The interface of a target. A target is a folder beside this file, and a row in `targets.ts`. Each runs
 * guests in its own way, but by the same steps: look at the host, compile the guest to a launch, start it.
 *
 * @module
 */
import type { Endpoint } from "../linux/socket.ts";
import type { SnapshotMemory } from "../elftool/snapshot.ts";
import type { Clones } from "./clones.ts";
import type { DeviceBase, PropertiesBase } from "./devices/device.ts";
import type { CommandLine, Guest, TenderTarget } from "./guest.ts";
import type { MachineOptions } from "./hvt/machine.ts";
import type { Attached, WholeMachine } from "./hvt/observer.ts";
import type { AskedReplay } from "./record/expected.ts";
import type { Recording } from "./record/recording.ts";
import type { Captured, Run } from "./run/run.ts";
import type { StepOptions } from "./run/options.ts";

/** A row of the table of targets. */
export interface Target {
  readonly id: TenderTarget;
  /** Whether this host runs guests of it at full speed, so that portable unikernels get it unasked. */
  suits(): Promise<boolean>;
  /** Whether its guests can have wires within this process, by which they read standard input. */
  readonly wires: boolean;
  /** What there is to say of it on this host to those who want to know: `in QEMU, with KVM`. */
  readonly about?: (options: OpenOptions) => Promise<string>;
  /** Writes a guest and its launch as one executable; undefined where the target has no such thing. */
  readonly pack?: (guest: Guest) => Promise<Uint8Array>;
  /** Loads what starts guests often, as pools do; undefined where the target has no such thing. */
  readonly clones?: () => Promise<Clones>;
  /**
   * Loads the target's tender.
   *
   * @param devices those of the guests that it is for
   */
  load(devices: readonly DeviceBase[]): Promise<Tender>;
}

/** What decides who runs a guest, where a target has more than one way. */
export interface OpenOptions extends Pick<MachineOptions, "emulator"> {
  /** Whether gdb is to debug it; not if not given. */
  readonly debugged?: boolean;
  /** Whether the guest is to replay a recording: then none of its devices is opened; not if not given. */
  readonly replayed?: boolean;
}

/** How to compile a guest. Each target ignores what does not concern it. */
export interface CompileOptions extends MachineOptions {
  /** The name at the beginning of messages of a failed launch; `soloden` if not given. */
  readonly program?: string;
  /** Id of the process that starts the guest, and whose end ends the guest; none if not given. */
  readonly parent?: number;
  /** Whether a guest that is a process of its own is to be traced; not if not given. */
  readonly traced?: boolean;
  /** Where the guest goes on, in place of its beginning. */
  readonly from?: Captured;
  /** Whether the run is recorded, or replays a recording; not if not given. */
  readonly recorded?: boolean;
  /** The command line that a guest's process shows; that of Solo5's tender if not given. */
  readonly line?: CommandLine;
}

/**
 * Options of a command line that ask for more than running a guest, as they were given. They show
 * something of the run (`observe`), limit the guest (`limits`), describe its virtual machine (`machine`),
 * or say whether the tender gives up its rights (`confinement`).
 */
export type Asked = Readonly<
  Record<"observe" | "limits" | "machine" | "confinement", readonly string[]>
>;

/** A target's tender: a compiler from guests to launches `L`, given facts `F` of the host. */
export interface Tender<F = unknown, L = unknown> {
  /**
   * Looks at this host, and opens what the guest needs of it, before anything of the guest is made.
   *
   * @throws {TenderError} "device" if it does not have a device as asked, "host" or "target" if it
   * cannot run the guest
   */
  open(guest: Guest, options?: OpenOptions): Host<F, L>;
  /**
   * Compiles a guest: a pure function.
   *
   * @throws {TenderError} if there can be no such launch
   */
  compile(guest: Guest, facts: F, options?: CompileOptions): L;
  /**
   * Refuses options that the target does not have; one that has them all refuses nothing.
   *
   * @throws {TenderError} "option" with the reason
   */
  check(asked: Asked): Promise<void>;
  /**
   * The facts of the host that a recording was made on, to compile the guest with that replays it. Not every
   * target has recordings.
   *
   * @param guest that of the recording
   * @param here facts of this host
   * @throws {TenderError} "recording" if the recording has no such facts, "host" if the guest could use what
   * this host lacks
   */
  recordedFacts?(recording: Recording, guest: Guest, here: F): Promise<F>;
  /**
   * Replaces this process by a guest, which ends as the guest does. Not every target can.
   *
   * @throws {TenderError} as `open` and `compile` do
   * @throws {SystemError} if the kernel refuses
   */
  become?(guest: Guest, options?: CompileOptions): Promise<never>;
  /**
   * Has the host's gdb run a guest, where gdb can, and waits until gdb ends.
   *
   * @param symbols path of the unikernel
   * @returns gdb's exit status
   * @throws {TenderError} as `open` and `compile` do, or "host" if there is no gdb
   */
  debug?(guest: Guest, symbols: string): Promise<number>;
}

/** How to start a launch. Programs can set what `StepOptions` has; the rest is for the command. */
export interface StartOptions extends StepOptions {
  /** Whether this process then gives up all rights that the run does not need, for good; not if not given. */
  readonly confined?: boolean;
  /** Whether a guest that is stepped leaves its CPU now and then, however long it computes; not if not given. */
  readonly interrupted?: boolean;
  /** Whether a crash is explained; it is if not given. */
  readonly explained?: boolean;
  /**
   * Is told once the guest says that it has initialised. The run ends there; its outcome means nothing then.
   * A guest of spt has to be traced for it.
   */
  readonly mark?: (marked: Marked) => void;
  /** The recording that the guest replays. */
  readonly replay?: AskedReplay;
  /** Has the guest wait for gdb before its first instruction, and be debugged by it. */
  readonly gdb?: GdbOptions;
  /** Takes over the machine, as a debugger of the program's own; hvt alone has it. */
  readonly attach?: (machine: WholeMachine) => Attached;
}

/** A guest that has initialised, in memory. */
export interface Marked {
  /** Address of its record (`MarkRecord`). */
  readonly record: number;
  /** The devices that it has acquired (bit = handle). */
  readonly acquired: bigint;
  /** The handles of those that it has written to. */
  readonly written: ReadonlySet<number>;
  /** Its memory. */
  readonly content: SnapshotMemory;
  /** What its devices are like, in the manifest's order. */
  readonly devices: readonly PropertiesBase[];
  /** What it could see of the CPU, as `Snapshot.cpu`. */
  readonly cpu: readonly string[];
}

/** Where gdb can connect. */
export interface GdbOptions {
  readonly endpoint: Endpoint;
  /** Is called with the line that says how to connect, once gdb can. */
  say(message: string): void;
}

/** What was opened on this host to start one launch. */
export interface Host<F, L> extends Disposable {
  /** The facts about this host that the guest is compiled with: a plain value. */
  readonly facts: F;
  /**
   * Starts a launch.
   *
   * @throws {TenderError} "option" for what the target does not have
   * @throws {SystemError} if the system refuses
   */
  start(launch: L, options: StartOptions): Promise<Run>;
}
