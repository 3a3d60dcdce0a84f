/**
 * Machines that are recorded, and those that replay: what has to be prepared before their first instruction.
 *
 * @module
 */
import { Hash } from "../../record/hash.ts";
import { brokenRecording } from "../../record/error.ts";
import {
  fromHex,
  type Recording,
  type RecordingHeader,
  RecordingWriter,
  toHex,
} from "../../record/recording.ts";
import type { AskedReplay } from "../../record/expected.ts";
import { cpuInputsOf } from "../../record/text.ts";
import { TenderError } from "../../error.ts";
import type { Guest } from "../../guest.ts";
import type { RunOptions } from "../../run/options.ts";
import { featuresOf } from "../cpu_features.ts";
import { guestCpuid, hasNoExecute } from "../cpu_model.ts";
import type { HostFacts, Machine } from "../machine.ts";
import type { Observer } from "../observer.ts";
import { replaced } from "./cpu.ts";
import { FREQUENCY } from "./of_spt.ts";
import { recordMachine } from "./recorder.ts";
import { replayMachine } from "./replayer.ts";

/** A machine, and what has to look on when it runs. */
export interface Prepared {
  readonly machine: Machine;
  /** It has to be the one closest to the guest. */
  readonly observer: Observer;
}

/** Begins to record the run of a machine. */
export async function recorded(
  guest: Guest,
  { machine, facts, record }: {
    machine: Machine;
    facts: HostFacts;
    record: NonNullable<RunOptions["record"]>;
  },
): Promise<Prepared> {
  const inputs = await cpuInputsOf(guest);
  const started = replaced(machine, inputs.sites);
  const { cycleFrequency, devices } = facts;
  const begun = {
    target: "hvt",
    devices,
    facts: { cycleFrequency: String(cycleFrequency), cpuid: toHex(machine.cpuid) },
    start: startHash(started),
    sites: inputs.sites,
    doubts: [...inputs.doubts, ...doubtsAbout(machine)],
  } as const;
  const writer = new RecordingWriter(guest, { begun, take: record });
  const { sites } = inputs;
  return {
    machine: started,
    observer: recordMachine({ writer, sites, frequency: cycleFrequency }),
  };
}

/**
 * Begins to replay a recording.
 *
 * @param machine compiled with {@linkcode factsOf} the recording
 * @throws {TenderError} "recording" if the machine is not the one that was recorded
 */
export async function replaying(
  guest: Guest,
  { machine, replay }: { machine: Machine; replay: AskedReplay },
): Promise<Prepared> {
  const { recording } = replay;
  const isOwn = recording.target === "hvt";
  const { sites } = isOwn ? recording : await cpuInputsOf(guest);
  const started = replaced(machine, sites);
  if (isOwn && startHash(started) !== recording.start) {
    const message = `${recording.name}: was made by another version of soloden, whose machines ` +
      "begin otherwise";
    throw new TenderError("recording", message);
  }
  return { machine: started, observer: replayMachine(replay, sites) };
}

/** What has to look on where a captured replay goes on. */
export function goingOn(replay: AskedReplay): Observer {
  return replayMachine(replay, replay.recording.sites);
}

/**
 * The facts of the host that a recording was made on, as far as its guest could see them.
 *
 * @param cpuid what KVM can give on this host
 * @throws {TenderError} "host" if the guest could use what this CPU lacks, "recording" if there are no such
 * facts
 */
export function factsOf(
  { name, target, facts, devices }: Recording,
  { cpuid }: { cpuid: Uint8Array<ArrayBuffer> },
): HostFacts {
  if (target !== "hvt") return { cycleFrequency: FREQUENCY, cpuid, devices };
  const recorded = fromHex(facts.cpuid ?? "");
  const [header, entry] = [8, 40];
  const entries = (recorded.length - header) / entry;
  const count = recorded.length < header ? -1 : new DataView(recorded.buffer).getUint32(0, true);
  if (count !== entries || !/^[1-9][0-9]{0,18}$/.test(facts.cycleFrequency ?? "")) {
    throw brokenRecording(name, "it does not say on which CPU it was made");
  }
  const here = featuresOf(guestCpuid(cpuid));
  const missing = featuresOf(recorded).filter((feature) => !here.includes(feature));
  if (missing.length > 0) {
    const message = `${name}: was recorded on a CPU with ${
      missing.join(", ")
    }, which this one lacks`;
    throw new TenderError("host", message);
  }
  return { cycleFrequency: BigInt(facts.cycleFrequency!), cpuid: recorded, devices };
}

/** A checksum of what a machine begins with. */
function startHash({ memorySize, contents, registers, cpuid }: Machine): string {
  const hash = new Hash().word(memorySize / 4096).bytes(cpuid);
  for (const { address, data } of contents) hash.word(address).bytes(data);
  for (const value of Object.values(registers)) hash.word(Number(value));
  return hash.toString();
}

/** A guest whose CPU executes data may write code, and nobody knows what is in it. */
function doubtsAbout({ cpuid }: Machine): RecordingHeader["doubts"] {
  if (hasNoExecute(cpuid)) return [];
  return [{ address: 0, instruction: "any", why: "this CPU executes what the guest writes" }];
}
