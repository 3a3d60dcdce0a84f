/**
 * The virtio tender: a guest is a PC, on KVM where that has hardware, served by this process (`pc/`); else
 * in QEMU, which is a process of its own and ends with this one.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";
import { findProgram } from "../../linux/find_program.ts";
import type { DeviceBase } from "../devices/device.ts";
import { kindOf, loadKinds } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { Emulator, HostFacts as PcFacts, Machine } from "../hvt/machine.ts";
import type { Run } from "../run/run.ts";
import type { Asked, CompileOptions, Host, OpenOptions, StartOptions, Tender } from "../target.ts";
import { accelerator, emulatorFor } from "./about.ts";
import { compileLaunch, type HostFacts as QemuFacts, type QemuLaunch } from "./compile.ts";
import { compilePc } from "./pc/machine.ts";
import { loadPcs, type Pcs } from "./pc/pc_host.ts";
import { type EmulatedKind, QEMU } from "./qemu.ts";
import { checkAsked, isGdb } from "./refusals.ts";
import { startQemu } from "./start.ts";

/** Loads the tender for guests with such devices. */
export async function loadTender(devices: readonly DeviceBase[] = []): Promise<VirtioTender> {
  const [emulated, pcs] = await Promise.all([
    loadKinds(devices, (kind) => kind.emulated()),
    loadPcs(devices),
  ]);
  return new VirtioTender(emulated, pcs);
}

const EMULATORS: readonly Emulator[] = ["kvm", "qemu"];

/** What is known of this host: who is to run the guest shows in it. */
type HostFacts = QemuFacts | PcFacts;
type Launch = QemuLaunch | Machine;

/** See {@linkcode Tender}. */
export class VirtioTender implements Tender<HostFacts, Launch> {
  readonly #emulated: ReadonlyMap<DeviceType, EmulatedKind>;
  readonly #pcs: Pcs;

  /** @param emulated how QEMU has the guests' devices */
  constructor(emulated: ReadonlyMap<DeviceType, EmulatedKind>, pcs: Pcs) {
    this.#emulated = emulated;
    this.#pcs = pcs;
  }

  /** See {@linkcode Tender}. */
  open(guest: Guest, options: OpenOptions = {}): Host<HostFacts, Launch> {
    if (Deno.build.arch !== "x86_64") {
      throw new TenderError("host", `${guest.unikernel.name}: virtio runs on x86_64 only`);
    }
    return emulatorFor(options) === "kvm" ? this.#pcs.open(guest) : this.#openQemu(guest);
  }

  /** See {@linkcode Tender}. */
  compile(guest: Guest, facts: QemuFacts, options?: CompileOptions): QemuLaunch;
  compile(guest: Guest, facts: HostFacts, options?: CompileOptions): Launch;
  compile(guest: Guest, facts: HostFacts, options?: CompileOptions): Launch {
    return "cpuid" in facts ? compilePc(guest, facts, options) : compileLaunch(guest, facts);
  }

  /** See {@linkcode Tender}. */
  check(asked: Asked): Promise<void> {
    const { observe, machine } = asked;
    const words = EMULATORS.filter((emulator) => machine.includes(`--emulator=${emulator}`));
    const how = { emulator: words.at(-1), debugged: observe.some(isGdb) };
    checkAsked(asked, { inQemu: emulatorFor(how) === "qemu" });
    return Promise.resolve();
  }

  #openQemu({ devices }: Guest): QemuHost {
    const program = findProgram(QEMU);
    if (program === undefined) {
      throw new TenderError("host", `${QEMU}: not found; apt-get install qemu-system-x86`);
    }
    const looked = devices.map(({ device }) =>
      this.#emulated.get(kindOf(device).type)!.look(device)
    );
    return new QemuHost(program, { devices: looked, accelerator: accelerator() });
  }
}

/** See {@linkcode Host}. */
class QemuHost implements Host<QemuFacts, QemuLaunch> {
  readonly facts: QemuFacts;
  readonly #program: string;

  constructor(program: string, facts: QemuFacts) {
    this.#program = program;
    this.facts = facts;
  }

  /** See {@linkcode Host}. */
  start(launch: QemuLaunch, options: StartOptions): Promise<Run> {
    return startQemu(launch, { ...options, program: this.#program });
  }

  [Symbol.dispose](): void {
    // QEMU opens everything itself.
  }
}
