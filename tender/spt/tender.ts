/**
 * The spt tender: a guest is a Linux process, which opens its devices itself and confines itself before
 * its first instruction. This process becomes it, starts it, or has gdb start it.
 *
 * @module
 */
import type { DeviceBase } from "../devices/device.ts";
import type { Guest } from "../guest.ts";
import type { Recording } from "../record/recording.ts";
import type { Run } from "../run/run.ts";
import type { Asked, CompileOptions, Host, OpenOptions, StartOptions, Tender } from "../target.ts";
import { compileImage, type HostFacts, type ImageOptions, type ProcessImage } from "./compile.ts";
import type { DeviceCompiler } from "./devices.ts";
import type { Looking } from "./launched_kind.ts";
import { becomeImage } from "./start.ts";

/** Loads the tender for guests with such devices. */
export async function loadTender(devices: readonly DeviceBase[] = []): Promise<SptTender> {
  if (devices.length === 0) return new SptTender();
  const { loadDeviceCompiler } = await import("./devices.ts");
  return new SptTender(await loadDeviceCompiler(devices));
}

/** See {@linkcode Tender}. */
export class SptTender implements Tender<HostFacts, ProcessImage> {
  readonly #devices: DeviceCompiler | undefined;

  /** @param devices compiles the guests' devices; none for guests without devices */
  constructor(devices?: DeviceCompiler) {
    this.#devices = devices;
  }

  /** See {@linkcode Tender}; `keep`: whether the image is kept in a file. */
  open(
    guest: Guest,
    { keep = false, replayed = false }: OpenOptions & { keep?: boolean } = {},
  ): SptHost {
    using opened = new DisposableStack();
    using lent = new DisposableStack();
    const looking = { keep, opened, lent };
    const devices = replayed ? [] : this.#devices?.look(guest.devices, looking) ?? [];
    return new SptHost(guest, { devices }, { opened: opened.move(), lent: lent.move() });
  }

  /** See {@linkcode Tender}. */
  compile(
    guest: Guest,
    facts: HostFacts,
    options: CompileOptions & Pick<ImageOptions, "keep" | "shared"> = {},
  ): ProcessImage {
    const recorded = options.recorded ? { traced: true, line: RECORDED_LINE } : {};
    return compileImage(guest, facts, { ...options, ...recorded, devices: this.#devices });
  }

  /** See {@linkcode Tender}. */
  async recordedFacts(recording: Recording, { unikernel }: Guest): Promise<HostFacts> {
    const { factsOf } = await import("./record/start.ts");
    return factsOf(recording, unikernel);
  }

  /** See {@linkcode Tender}. */
  async check(asked: Asked): Promise<void> {
    const { checkAsked } = await import("./refusals.ts");
    checkAsked(asked);
  }

  /** See {@linkcode Tender}. */
  async become(guest: Guest, options?: CompileOptions): Promise<never> {
    await checkCpu(guest);
    using host = this.open(guest);
    return await becomeImage(this.compile(guest, host.facts, options));
  }

  /** See {@linkcode Tender}. */
  async debug(guest: Guest, symbols: string): Promise<number> {
    const { debugImage } = await import("./debug.ts");
    using host = this.open(guest);
    return await debugImage(this.compile(guest, host.facts), symbols);
  }
}

/** What a guest shows that is recorded, and in every replay: it lies in the guest's memory for a moment. */
const RECORDED_LINE = { program: ["soloden"], options: [], file: "recorded", args: [] } as const;

/** See {@linkcode Host}. */
export class SptHost implements Host<HostFacts, ProcessImage> {
  readonly facts: HostFacts;
  readonly #guest: Guest;
  readonly #opened: DisposableStack;
  readonly #lent: DisposableStack;

  /** Takes over `opened` and `lent`, which are those of {@linkcode Looking}. */
  constructor(
    guest: Guest,
    facts: HostFacts,
    { opened, lent }: Pick<Looking, "opened" | "lent">,
  ) {
    this.#guest = guest;
    this.facts = facts;
    this.#opened = opened;
    this.#lent = lent;
  }

  /** See {@linkcode Host}. */
  async start(image: ProcessImage, options: StartOptions): Promise<Run> {
    await checkCpu(this.#guest);
    try {
      if (options.record !== undefined || options.replay !== undefined) {
        const { startAnswered } = await import("./record/start.ts");
        const { facts } = this;
        return await startAnswered(image, options, { guest: this.#guest, facts });
      }
      if (image.traced) {
        const { startTraced } = await import("./traced/start.ts");
        return await startTraced(image, options);
      }
      const { startProcess } = await import("./process.ts");
      return await startProcess(image, options);
    } finally {
      // The guest has its own by now, and no other process must inherit them.
      this.#opened.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
    this.#lent.dispose();
  }
}

/**
 * Checks that the program of a snapshot finds the CPU that it knew; others find out themselves.
 *
 * @throws {TenderError} "host" naming what is missing
 */
export async function checkCpu({ unikernel }: Pick<Guest, "unikernel">): Promise<void> {
  // Linux may take milliseconds to describe the CPU.
  if (!unikernel.snapshot?.cpu.length) return;
  const { checkFeatures } = await import("../cpu_features.ts");
  const { cpuFlags } = await import("../../linux/cpu_flags.ts");
  checkFeatures(unikernel, cpuFlags());
}
