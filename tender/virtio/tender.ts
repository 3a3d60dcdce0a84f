/**
 * The virtio tender: a guest is a machine of QEMU's, with KVM where this host has hardware for it. QEMU is
 * a process of its own, which ends with this one.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";
import { findProgram } from "../../linux/find_program.ts";
import type { DeviceBase } from "../devices/device.ts";
import { kindOf, loadKinds } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { Run } from "../run/run.ts";
import type { Asked, CompileOptions, Host, StartOptions, Tender } from "../target.ts";
import { accelerator } from "./about.ts";
import { compileLaunch, type HostFacts, type QemuLaunch } from "./compile.ts";
import { type EmulatedKind, QEMU } from "./qemu.ts";
import { checkAsked } from "./refusals.ts";
import { startQemu } from "./start.ts";

/** Loads the tender for guests with such devices. */
export async function loadTender(devices: readonly DeviceBase[] = []): Promise<VirtioTender> {
  return new VirtioTender(await loadKinds(devices, (kind) => kind.emulated()));
}

/** See {@linkcode Tender}. */
export class VirtioTender implements Tender<HostFacts, QemuLaunch> {
  readonly #kinds: ReadonlyMap<DeviceType, EmulatedKind>;

  /** @param kinds the kinds of the guests' devices */
  constructor(kinds: ReadonlyMap<DeviceType, EmulatedKind> = new Map()) {
    this.#kinds = kinds;
  }

  /** See {@linkcode Tender}. */
  open({ devices, unikernel }: Guest): VirtioHost {
    if (Deno.build.arch !== "x86_64") {
      throw new TenderError("host", `${unikernel.name}: virtio runs on x86_64 only`);
    }
    const program = findProgram(QEMU);
    if (program === undefined) {
      throw new TenderError("host", `${QEMU}: not found; apt-get install qemu-system-x86`);
    }
    const looked = devices.map(({ device }) => this.#kinds.get(kindOf(device).type)!.look(device));
    return new VirtioHost(program, { devices: looked, accelerator: accelerator() });
  }

  /** See {@linkcode Tender}. */
  compile(guest: Guest, facts: HostFacts, _options?: CompileOptions): QemuLaunch {
    return compileLaunch(guest, facts);
  }

  /** See {@linkcode Tender}. */
  check(asked: Asked): Promise<void> {
    checkAsked(asked);
    return Promise.resolve();
  }
}

/** See {@linkcode Host}. */
class VirtioHost implements Host<HostFacts, QemuLaunch> {
  readonly facts: HostFacts;
  readonly #program: string;

  constructor(program: string, facts: HostFacts) {
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
