/**
 * Guests of spt that are started often, each a process of its own.
 *
 * @module
 */
import type { Unikernel } from "../../elftool/unikernel.ts";
import { Child } from "../../linux/child.ts";
import { STDOUT_FILENO } from "../../linux/constants.ts";
import { memoryFile } from "../../linux/exec.ts";
import { Watcher } from "../../linux/watch.ts";
import type { CloneOptions, Clones, Prepared, PrepareOptions } from "../clones.ts";
import { bind, type Guest } from "../guest.ts";
import { ProcessLimits } from "../run/process_limits.ts";
import type { Run } from "../run/run.ts";
import { CloneRun } from "./clone_run.ts";
import { Pipes } from "./clone_pipes.ts";
import { loadDeviceCompiler } from "./devices.ts";
import { encodeImage } from "./start.ts";
import { checkCpu, SptTender } from "./tender.ts";

/** See {@linkcode Clones}. */
export class SptClones implements Clones {
  readonly #watcher = new Watcher();
  readonly #pipes = new Pipes();

  /** See {@linkcode Clones}. */
  async prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared> {
    await checkCpu({ unikernel });
    const { devices } = unikernel.manifest;
    const compiler = devices.length === 0 ? undefined : await loadDeviceCompiler(devices);
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

/** See {@linkcode Prepared}. */
class PreparedImage implements Prepared {
  readonly memorySize: number;
  readonly #unikernel: Unikernel;
  readonly #options: PrepareOptions;
  readonly #host: Host;

  constructor(unikernel: Unikernel, options: PrepareOptions, host: Host) {
    this.#unikernel = unikernel;
    this.#options = options;
    this.#host = host;
    this.memorySize = memorySizeOf(unikernel, options);
  }

  start({ args, devices, console, limits }: CloneOptions): Run {
    const { memory, executableHeap } = this.#options;
    const guest = bind(this.#unikernel, { memory, executableHeap, args, devices });
    const { watcher, pipes } = this.#host;
    using undo = new DisposableStack();
    const isPiped = typeof console === "function" || limits?.consoleRate !== undefined;
    const output = isPiped ? undo.use(pipes.take()) : undefined;
    const complaints = undo.use(pipes.take());
    const descriptors = ["/dev/null", output?.write ?? STDOUT_FILENO, complaints.write];
    const child = undo.adopt(this.#spawn(guest, descriptors), (child) => {
      child.kill();
      child.end();
    });
    const run = new CloneRun({ child, watcher, output, complaints });
    run.begin({
      take: typeof console === "function" ? console : undefined,
      limits: limits && new ProcessLimits(limits, run),
      metered: limits?.consoleRate !== undefined,
    });
    undo.move();
    return run;
  }

  [Symbol.dispose](): void {}

  #spawn(guest: Guest, descriptors: readonly (number | string)[]): Child {
    const { tender } = this.#host;
    using host = tender.open(guest);
    const image = tender.compile(guest, host.facts, { parent: Deno.pid });
    const name = image.note.unikernel;
    const file = memoryFile(name, encodeImage(image, { note: false }));
    try {
      return new Child({ path: file.path, args: [name], descriptors });
    } finally {
      // It is executed by now.
      file.close();
    }
  }
}

/** Checks all of a guest that is known beforehand. */
function memorySizeOf(unikernel: Unikernel, { memory }: PrepareOptions): number {
  const manifest = { ...unikernel.manifest, devices: [] };
  return bind({ ...unikernel, manifest }, { memory }).memorySize;
}
