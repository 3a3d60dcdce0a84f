/**
 * A PC of our own on this host's KVM: a machine as hvt's, with the loop of a PC.
 *
 * @module
 */
import type { DeviceType } from "../../../abi/manifest.ts";
import type { DeviceBase } from "../../devices/device.ts";
import { loadKinds } from "../../devices/kinds.ts";
import type { VirtioKind } from "../../devices/kind.ts";
import type { Guest } from "../../guest.ts";
import type { HostFacts, Machine } from "../../hvt/machine.ts";
import type { MachineRun } from "../../hvt/machine_run.ts";
import { type HvtHost, HvtTender } from "../../hvt/tender.ts";
import type { Host, StartOptions } from "../../target.ts";
import { checkPcOptions } from "../refusals.ts";
import { pcMaker } from "./pc_loop.ts";

/** Opens this host for PCs. */
export interface Pcs {
  /** As `open` of a tender. */
  open(guest: Guest): PcHost;
}

/** Loads what PCs with such devices need. */
export async function loadPcs(devices: readonly DeviceBase[]): Promise<Pcs> {
  const [served, kinds] = await Promise.all([
    loadKinds(devices, (kind, devices) => kind.served(devices)),
    loadKinds(devices, (kind) => kind.virtio()),
  ]);
  const machines = new HvtTender(served);
  return { open: (guest) => new PcHost(machines.open(guest), kindsOf(guest, kinds)) };
}

function kindsOf(
  { devices }: Guest,
  kinds: ReadonlyMap<DeviceType, VirtioKind>,
): readonly VirtioKind[] {
  return devices.map(({ device }) => kinds.get(device.type)!);
}

/** See {@linkcode Host}. */
export class PcHost implements Host<HostFacts, Machine> {
  readonly facts: HostFacts;
  readonly #machine: HvtHost;
  readonly #kinds: readonly VirtioKind[];

  /** Takes over `machine`, which is empty. */
  constructor(machine: HvtHost, kinds: readonly VirtioKind[]) {
    this.facts = machine.facts;
    this.#machine = machine;
    this.#kinds = kinds;
  }

  /** See {@linkcode Host}. */
  async start(launch: Machine, options: StartOptions): Promise<MachineRun> {
    checkPcOptions(options);
    const { confined, console, limits } = options;
    const maker = pcMaker(this.#kinds);
    return await this.#machine.start(launch, {
      ...{ confined, console, limits, maker },
      // The guest says itself where it trapped.
      explained: false,
    });
  }

  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }
}
