/**
 * Guests of spt that are started often, each a process of its own.
 *
 * @module
 */
import type { Unikernel } from "../../elftool/unikernel.ts";
import {
  type Child,
  Invocation,
  type Renumbered,
  type StandardDescriptors,
} from "../../linux/child.ts";
import { STDERR_FILENO, STDOUT_FILENO } from "../../linux/constants.ts";
import { copyDescriptor } from "../../linux/descriptor.ts";
import { type MemoryFile, memoryFile } from "../../linux/exec.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { seal } from "../../linux/seal.ts";
import { Watcher } from "../../linux/watch.ts";
import {
  bindPrepared,
  type CloneOptions,
  type Clones,
  type Prepared,
  type PrepareOptions,
} from "../clones.ts";
import { TenderError } from "../error.ts";
import { bind, type Guest } from "../guest.ts";
import { ProcessLimits } from "../run/process_limits.ts";
import type { Run } from "../run/run.ts";
import { CloneRun } from "./clone_run.ts";
import { Pipes } from "./clone_pipes.ts";
import type { HostFacts } from "./compile.ts";
import { type DeviceCompiler, loadDeviceCompiler } from "./devices.ts";
import { type SharedMemory, sharedMemory } from "./memory.ts";
import { encodeImage } from "./start.ts";
import { checkCpu, SptTender } from "./tender.ts";

/** See {@linkcode Clones}. */
export class SptClones implements Clones {
  readonly #watcher = new Watcher();
  readonly #pipes = new Pipes();

  /** See {@linkcode Clones}. */
  async prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared> {
    checkArchitecture(unikernel);
    await checkCpu({ unikernel });
    const { devices } = unikernel.manifest;
    const compiler = devices.length === 0 ? undefined : await loadDeviceCompiler(devices);
    const tender = new SptTender(compiler);
    const host = { watcher: this.#watcher, pipes: this.#pipes, compiler, tender };
    return new PreparedImage(unikernel, options, host);
  }

  [Symbol.dispose](): void {
    this.#pipes[Symbol.dispose]();
    this.#watcher[Symbol.dispose]();
  }
}

/** What guests are started with. */
interface Host {
  readonly watcher: Watcher;
  readonly pipes: Pipes;
  /** None where there are no devices. */
  readonly compiler: DeviceCompiler | undefined;
  readonly tender: SptTender;
}

/** A launch in a file, which is executed as often as one like it is asked for. */
interface Launch {
  /** All that launches of an image differ by. */
  readonly key: string;
  readonly file: MemoryFile;
}

/** See {@linkcode Prepared}. */
class PreparedImage implements Prepared {
  readonly memorySize: number;
  readonly #unikernel: Unikernel;
  readonly #options: PrepareOptions;
  readonly #host: Host;
  readonly #shared: SharedMemory;
  /** What all guests map. */
  readonly #memory: MemoryFile;
  readonly #invocation: Invocation;
  /**
   * The numbers that descriptors of devices have in every guest, kept free here by copies of another one: so
   * guests whose devices differ in nothing else have the same launch.
   */
  readonly #numbers: readonly number[];
  #last: Launch | undefined;

  constructor(unikernel: Unikernel, options: PrepareOptions, host: Host) {
    this.#unikernel = unikernel;
    this.#options = options;
    this.#host = host;
    const guest = bindPrepared(unikernel, options);
    this.memorySize = guest.memorySize;
    this.#shared = sharedMemory(guest);
    this.#memory = sealedFile(unikernel.name, this.#shared.content);
    this.#invocation = new Invocation([unikernel.name]);
    this.#numbers = unikernel.manifest.devices.map(() => copyDescriptor(this.#memory.descriptor));
  }

  /** See {@linkcode Prepared}. */
  start({ args = [], devices, console, limits }: CloneOptions): Run {
    const { memory, executableHeap } = this.#options;
    const guest = bind(this.#unikernel, { memory, executableHeap, args, devices });
    const { watcher, pipes } = this.#host;
    using undo = new DisposableStack();
    const isTaken = typeof console === "function" || limits?.consoleRate !== undefined;
    const output = isTaken ? undo.use(pipes.take()) : undefined;
    const complaints = undo.use(pipes.take());
    const child = undo.adopt(
      this.#spawn(guest, {
        input: this.#memory.descriptor,
        output: output?.write ?? STDOUT_FILENO,
        error: complaints.write,
      }),
      (child) => {
        child.kill();
        child.end();
      },
    );
    const run = new CloneRun({ child, watcher, output, complaints });
    run.begin({
      take: typeof console === "function" ? console : undefined,
      limits: limits && new ProcessLimits(limits, run),
      metered: limits?.consoleRate !== undefined,
    });
    undo.move();
    return run;
  }

  [Symbol.dispose](): void {
    this.#last?.file.close();
    this.#memory.close();
    this.#numbers.forEach(closeDescriptor);
  }

  #spawn(guest: Guest, standard: StandardDescriptors): Child {
    if (guest.devices.length === 0) return this.#execute(guest, { devices: [] }, standard);
    using host = this.#host.tender.open(guest);
    const others: Renumbered[] = [];
    const devices = host.facts.devices.map((device, index) => {
      const { name, inherited } = device;
      if (inherited === undefined) return device;
      if (inherited <= STDERR_FILENO) {
        const message =
          `device '${name}': its descriptor is ${inherited}, which each guest has already`;
        throw new TenderError("device", message);
      }
      const number = this.#numbers[index]!;
      others.push({ descriptor: inherited, number });
      return { ...device, inherited: number };
    });
    return this.#execute(guest, { devices }, { ...standard, others });
  }

  #execute(
    guest: Guest,
    facts: HostFacts,
    descriptors: StandardDescriptors & { others?: readonly Renumbered[] },
  ): Child {
    const { compiler, tender } = this.#host;
    const shown = compiler?.options(guest.devices);
    const key = JSON.stringify([guest.commandLine, shown, facts.devices], withoutBigInts);
    if (this.#last?.key !== key) {
      const image = tender.compile(guest, facts, { parent: Deno.pid, shared: this.#shared });
      const file = sealedFile(guest.unikernel.name, encodeImage(image, { note: false }));
      this.#last?.file.close();
      this.#last = { key, file };
    }
    return this.#invocation.start(this.#last.file.descriptor, descriptors);
  }
}

/** A replacer of `JSON.stringify`, which refuses such numbers. */
function withoutBigInts(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

/** Makes a file in memory that nobody changes any more. */
function sealedFile(name: string, bytes: Uint8Array): MemoryFile {
  const file = memoryFile(name, bytes);
  seal(file.descriptor);
  return file;
}

/** Other tenders leave it to the kernel to refuse such a program; here, this process's own code starts it. */
function checkArchitecture({ name, architecture }: Unikernel): void {
  const host = Deno.build.arch;
  if (architecture === host && host === "x86_64") return;
  const message = `${name}: is built for ${architecture}, and pools start guests of spt on x86_64`;
  throw new TenderError("target", message);
}
