/**
 * Compiles a guest to the machine that runs it, a plain value: the contents of its memory, how they are
 * protected, and the state of its CPU.
 *
 * @module
 */
import { BootInfo, LAYOUT, MEMORY_MAX } from "../../abi/hvt.ts";
import { FEATURE_RING, RING_MEMORY, RingHeader } from "../../abi/hvt_ring.ts";
import { viewOf } from "../../abi/layout.ts";
import { LOWEST_ADDRESS } from "../../abi/solo5.ts";
import type { PropertiesBase } from "../devices/device.ts";
import { kindOf } from "../devices/kinds.ts";
import { bootArea, type Guest, memoryNeeded } from "../guest.ts";
import { entryRegisters, entrySpecialRegisters, gdt } from "./cpu_x86_64.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import { type CpuModel, guestCpuid, hasNoExecute } from "./cpu_model.ts";
import { pageTables } from "./page_tables.ts";

/**
 * Who runs a guest of virtio: this process, in a machine of KVM's that it serves itself; or QEMU, with KVM
 * where that has hardware.
 */
export type Emulator = "kvm" | "qemu";

/** What the virtual machine is like; not for spt, whose guests have none. */
export interface MachineOptions {
  /** The CPU that the guest sees by the instruction CPUID; `"host"` if not given. */
  readonly cpu?: CpuModel;
  /**
   * Whether a guest with a network is offered a ring for its frames. The ring takes 2 MiB above the
   * guest's memory; from a guest of 4 GiB, which has nothing above, it takes the last 2 MiB. It is
   * offered if not given.
   */
  readonly netRing?: boolean;
  /** Who runs a guest of virtio; `"kvm"` where KVM has hardware, else `"qemu"`, if not given. */
  readonly emulator?: Emulator;
}

/** Bytes at a guest-physical address. */
export interface Content {
  readonly address: number;
  readonly data: Uint8Array;
}

/** How `[start, end)` of guest memory may be accessed. */
export interface Protection {
  readonly start: number;
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
}

/** What a virtual machine has besides the state of its CPU. */
export interface MachineBase {
  /** Memory in bytes, from guest-physical 0, zero where nothing is loaded: the guest's, and the ring above it. */
  readonly memorySize: number;
  /** What to load. */
  readonly contents: readonly Content[];
  /** Ranges, page-aligned, that the host protects: the segments of the unikernel that are not for reading and writing. */
  readonly protections: readonly Protection[];
  /** Ranges that hypercalls may not use freely: `protections`, and what the page tables close. The rest is writable. */
  readonly restrictions: readonly Protection[];
  /** Address of the network ring; undefined if the guest is not offered one. */
  readonly ring?: number;
  /** What the guest sees of its CPU by CPUID, as KVM takes it. */
  readonly cpuid: Uint8Array<ArrayBuffer>;
}

/** A virtual machine before it exists. */
export interface Machine extends MachineBase {
  /** General registers at entry; those not named are 0. */
  readonly registers: Partial<Registers>;
  /** Special registers at entry; those not named are as KVM makes them. */
  readonly specialRegisters: Partial<SpecialRegisters>;
}

/** What a guest is compiled with: facts about this host. */
export interface HostFacts {
  /** Frequency of its CPU's time stamp counter, in Hz. */
  readonly cycleFrequency: bigint;
  /** The CPUID that KVM supports, in KVM's form. */
  readonly cpuid: Uint8Array<ArrayBuffer>;
  /** The properties of the guest's devices, in the manifest's order. */
  readonly devices: readonly PropertiesBase[];
}

/** Compiles a guest (of the hvt target) to a machine. */
export function compileMachine(
  guest: Guest,
  host: HostFacts,
  options: MachineOptions = {},
): Machine {
  const machine = compileShared(guest, host, options);
  return { ...machine, contents: [...machine.contents, bootContent(guest, host, machine)] };
}

/** Compiles what all guests of a unikernel share that have as much memory: a machine without a boot area. */
export function compileShared(
  guest: Pick<Guest, "unikernel" | "memorySize">,
  host: Pick<HostFacts, "cpuid">,
  { cpu, netRing = true }: MachineOptions = {},
): Machine {
  const { unikernel } = guest;
  const ring = netRing ? ringAddress(guest) : undefined;
  const ownSize = ring ?? guest.memorySize;
  const memorySize = ring === undefined ? ownSize : ring + RING_MEMORY;
  const cpuid = guestCpuid(host.cpuid, cpu);
  const noExecute = hasNoExecute(cpuid);
  const text = unikernel.segments.filter(({ execute }) => execute);
  const tables = pageTables(memorySize, { executable: noExecute ? text : undefined });
  // All memory is for reading and writing from the beginning; a snapshot has very many such segments.
  const guarded = unikernel.segments.filter(({ read, write, execute }) =>
    !read || !write || execute
  );
  const protections = guarded.map(({ start, end, read, write, execute }) => ({
    start,
    end,
    // KVM fetches instructions by reading.
    read: read || execute,
    write,
  }));
  return {
    memorySize,
    contents: [
      { address: LAYOUT.gdt, data: gdt() },
      { address: LAYOUT.pml4, data: tables },
      ...unikernel.segments.map(({ address, data }) => ({ address, data })),
      // The tender looks at the ring only when the guest kicks it.
      ...(ring === undefined ? [] : [{ address: ring, data: RingHeader.encode({ needsKick: 1 }) }]),
    ],
    protections,
    restrictions: restrictionsOf(protections),
    ring,
    registers: entryRegisters(unikernel.entry, ownSize),
    specialRegisters: entrySpecialRegisters({ noExecute }),
    cpuid,
  };
}

/**
 * Where a guest's network ring lies: right above the guest's own memory, which loses the ring's part where
 * it is as large as a machine's can be. Undefined if the guest has no network, or needs that part itself.
 */
function ringAddress(
  { memorySize, unikernel }: Pick<Guest, "unikernel" | "memorySize">,
): number | undefined {
  if (!unikernel.manifest.devices.some((device) => kindOf(device).ring)) return undefined;
  const address = Math.min(memorySize, MEMORY_MAX - RING_MEMORY);
  return memoryNeeded(unikernel) <= address ? address : undefined;
}

/** See {@linkcode MachineBase.restrictions}. */
export function restrictionsOf(protections: readonly Protection[]): Protection[] {
  return [
    { start: 0, end: LAYOUT.bootInfo, read: false, write: false },
    { start: LAYOUT.bootInfo, end: LOWEST_ADDRESS, read: true, write: false },
    ...protections,
  ];
}

/** The boot area of one guest: boot info, manifest and command line. */
export function bootContent(
  guest: Guest,
  host: Pick<HostFacts, "cycleFrequency" | "devices">,
  { ring, memorySize }: Pick<Machine, "ring" | "memorySize">,
): Content {
  const address = LAYOUT.bootInfo;
  const area = bootArea(guest, {
    address,
    infoSize: BootInfo.size,
    devices: host.devices.map((properties) => ({ properties })),
  });
  BootInfo.write(viewOf(area.bytes), 0, {
    memSize: ring ?? memorySize,
    kernelEnd: guest.unikernel.kernelEnd,
    cpuCycleFreq: host.cycleFrequency,
    cmdline: area.cmdline,
    mft: area.mft,
    hostFeatures: ring === undefined ? 0 : FEATURE_RING,
    netRing: ring ?? 0,
  });
  return { address, data: area.bytes };
}
