/**
 * Guests of spt that are started often, each a process of its own.
 *
 * @module
 */
import type { Unikernel } from "../../elftool/unikernel.ts";
import { type Child, Invocation, type StandardDescriptors } from "../../linux/child.ts";
import { STDERR_FILENO, STDOUT_FILENO } from "../../linux/constants.ts";
import { type MemoryFile, memoryFile } from "../../linux/exec.ts";
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
import { rememberLaunches } from "./clone_launches.ts";
import { CloneRun } from "./clone_run.ts";
import { Pipes } from "./clone_pipes.ts";
import type { HostFacts } from "./compile.ts";
import { loadDeviceCompiler } from "./devices.ts";
import { type SharedMemory, sharedMemory } from "./memory.ts";
import { encodeImage } from "./start.ts";
import { checkCpu, SptTender } from "./tender.ts";

/** See {@linkcode Clones}. */
export class SptClones implements Clones {
  readonly #watcher = new Watcher();
  readonly #pipes = new Pipes();
  readonly #encode = rememberLaunches();

  /** See {@linkcode Clones}. */
  async prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared> {
    checkArchitecture(unikernel);
    await checkCpu({ unikernel });
    const { devices } = unikernel.manifest;
    const compiler = devices.length === 0
      ? undefined
      : await loadDeviceCompiler(devices, { encode: this.#encode });
    const host = { watcher: this.#watcher, pipes: this.#pipes, tender: new SptTender(compiler) };
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
  readonly tender: SptTender;
}

/** A launch with nothing of its own but its arguments, in a file that is executed as often as they recur. */
interface Launch {
  readonly line: string;
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
  }

  #spawn(guest: Guest, descriptors: StandardDescriptors): Child {
    if (guest.devices.length > 0) return this.#spawnWithDevices(guest, descriptors);
    if (this.#last?.line !== guest.commandLine) {
      const file = this.#compile(guest, { devices: [] });
      this.#last?.file.close();
      this.#last = { line: guest.commandLine, file };
    }
    return this.#invocation.start(this.#last.file.descriptor, descriptors);
  }

  #spawnWithDevices(guest: Guest, descriptors: StandardDescriptors): Child {
    using host = this.#host.tender.open(guest);
    for (const { name, inherited } of host.facts.devices) {
      if (inherited === undefined || inherited > STDERR_FILENO) continue;
      const message =
        `device '${name}': its descriptor is ${inherited}, which each guest has already`;
      throw new TenderError("device", message);
    }
    const file = this.#compile(guest, host.facts);
    try {
      return this.#invocation.start(file.descriptor, descriptors);
    } finally {
      // It is executed by now.
      file.close();
    }
  }

  #compile(guest: Guest, facts: HostFacts): MemoryFile {
    const { tender } = this.#host;
    const image = tender.compile(guest, facts, { parent: Deno.pid, shared: this.#shared });
    return sealedFile(guest.unikernel.name, encodeImage(image, { note: false }));
  }
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
