/**
 * Starts guests of spt that are recorded, and those that replay.
 *
 * @module
 */
import { type CpuInputs, type CpuSite, replaceIn } from "../../../elftool/x86_64/cpu_inputs.ts";
import { cpuFlags } from "../../../linux/cpu_flags.ts";
import { TenderError } from "../../error.ts";
import { FEATURES } from "../../cpu_features.ts";
import type { Guest } from "../../guest.ts";
import { brokenRecording } from "../../record/error.ts";
import { Hash } from "../../record/hash.ts";
import { type Recording, RecordingWriter } from "../../record/recording.ts";
import { cpuInputsOf } from "../../record/text.ts";
import type { RunOptions } from "../../run/options.ts";
import { ProcessLimits } from "../../run/process_limits.ts";
import type { Run } from "../../run/run.ts";
import type { StartOptions } from "../../target.ts";
import type { HostFacts, ProcessImage } from "../compile.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { duplicateOf } from "../../../linux/other_process.ts";
import type { GeneralRegisters, Tracee } from "../../../linux/tracee.ts";
import { checkOptions } from "../refusals.ts";
import { complaintOf, launch, spawnTraced } from "../traced/start.ts";
import { TracedRun } from "../traced/run.ts";
import { captureProcess, type ProcessState, restoreProcess } from "../traced/state.ts";
import type { Door } from "./door.ts";
import { type PlacedRecorder, type RecorderMemory, withRecorder } from "./inside.ts";
import { installAnswers, type Installed } from "./install.ts";
import { RecordingDoor } from "./recorder.ts";
import { ReplayingDoor } from "./replayer.ts";
import { AnsweredRun } from "./run.ts";

/** The port that the instruction names which is put in the place of others: using one ends in a signal. */
const CPU_PORT = 0xe0;
/** The timer of a guest that ended in its launch: none. */
const NO_DESCRIPTOR = -1;

/**
 * Starts a guest, which then waits for its first step.
 *
 * @throws {TenderError} "recording" if it cannot be recorded, or does not begin as the recording says; as
 * a traced guest does
 */
export async function startAnswered(
  image: ProcessImage,
  options: StartOptions,
  { guest, facts }: { guest: Guest; facts: HostFacts },
): Promise<Run> {
  checkOptions(options);
  if (options.record !== undefined && (options.capturable || options.mark !== undefined)) {
    throw new TenderError("option", "record: a guest of spt is not recorded and captured at once");
  }
  const { replay } = options;
  const recording = replay?.recording;
  const isOwn = recording?.target === "spt";
  const inputs = isOwn ? recording : await cpuInputsOf(guest, { cpuid: true });
  const { sites } = inputs;
  const leading = await withRecorder(guest, { image, sites });
  const started = replaced(leading?.image ?? image, sites);
  const start = startHash(started);
  if (isOwn && recording.start !== start) throw otherStart(recording);
  const doorOf: OpenDoor = (tracee, { take, recorder }) => {
    const parts = {
      pid: tracee.pid,
      image,
      take: typeof take === "function" ? take : undefined,
    };
    const kill = () => tracee.kill();
    if (replay !== undefined) {
      const address = () => tracee.stopped ? Number(tracee.registers().rip) : undefined;
      return new ReplayingDoor({ ...parts, replay, kill, address });
    }
    const writer = writerFor(guest, { inputs, start, facts, record: options.record! });
    return new RecordingDoor({ ...parts, recorder, writer, unread: kill });
  };
  return await startWith(started, options, { doorOf, sites, placed: leading?.recorder });
}

/** Opens what stands at the door of a guest, given what takes its output and what is inside of it. */
type OpenDoor = (
  tracee: Tracee,
  inside: { take: RunOptions["console"]; recorder: RecorderMemory | undefined },
) => Door;

async function startWith(
  image: ProcessImage,
  options: StartOptions,
  { doorOf, sites, placed }: {
    doorOf: OpenDoor;
    sites: readonly CpuSite[];
    placed: PlacedRecorder | undefined;
  },
): Promise<Run> {
  using undo = new DisposableStack();
  const { tracee, errors } = spawnTraced(image, { options, undo });
  const limits = options.limits && undo.use(new ProcessLimits(options.limits, tracee));
  const take = options.limits?.consoleRate === undefined
    ? options.console
    : limits!.console(typeof options.console === "function" ? options.console : undefined);
  let installed: Installed | undefined;
  const end = await launch(tracee, {
    atLast() {
      const { memory } = image.note;
      installed = undo.use(installAnswers(tracee, { memory, recorder: placed }));
    },
  });
  const complaint = () => complaintOf(errors);
  if (end !== undefined || installed === undefined) {
    const process = { tracee, image, timer: NO_DESCRIPTOR };
    const rest = { console: undefined, limits, mark: undefined, complaint, resources: undo.move() };
    const ended = new TracedRun({ ...process, ...rest }, end ?? { kind: "killed", signal: 9 });
    // A recording of it has this end, and nothing else.
    using door = doorOf(tracee, { take, recorder: undefined });
    door.ended(await ended.outcome);
    return ended;
  }
  const timer = undo.adopt(
    duplicateOf(tracee.pid, image.descriptors.timer),
    closeDescriptor,
  );
  const process = { tracee, image, timer };
  if (options.from !== undefined) restoreProcess(process, options.from as ProcessState);
  const { calls, recorder } = installed;
  const door = undo.use(doorOf(tracee, { take, recorder }));
  return new AnsweredRun({
    tracee,
    calls,
    door,
    recorder,
    capture: options.capturable
      ? (registers: GeneralRegisters) => captureProcess(process, registers)
      : undefined,
    sites: new Map(sites.map((site) => [site.address, site])),
    limits,
    complaint,
    resources: undo.move(),
  });
}

/** The image with instructions replaced; those that read the counter stay, since they can be forbidden. */
function replaced(image: ProcessImage, all: readonly CpuSite[]): ProcessImage {
  const sites = all.filter(({ instruction }) =>
    instruction !== "rdtsc" && instruction !== "rdtscp"
  );
  const segments = image.segments.map((segment) => replaceIn(segment, { sites, port: CPU_PORT }));
  return { ...image, segments };
}

function writerFor(
  guest: Guest,
  { inputs, start, facts, record }: {
    inputs: CpuInputs;
    start: string;
    facts: HostFacts;
    record: NonNullable<RunOptions["record"]>;
  },
): RecordingWriter {
  const { devices } = facts;
  const inherited = devices.map(({ inherited = NO_DESCRIPTOR }) => inherited);
  // A program cannot read the counter unseen, and what only a kernel can do ends it.
  const doubts = inputs.doubts.filter(({ instruction }) =>
    ["rdrand", "rdseed", "cpuid"].includes(instruction)
  );
  const begun = {
    target: "spt",
    devices: devices.map(({ properties }) => properties),
    facts: { descriptors: inherited.join(" "), features: featuresHere().join(" ") },
    start,
    sites: inputs.sites,
    doubts,
  } as const;
  return new RecordingWriter(guest, { begun, take: record });
}

function featuresHere(): string[] {
  const flags = cpuFlags();
  return FEATURES.filter((feature) => flags.includes(feature));
}

/**
 * The facts of the host that a recording was made on: its devices, none of which is opened.
 *
 * @throws {TenderError} "host" if the guest could use what this CPU lacks, "recording" if there are no such
 * facts
 */
export function factsOf(
  { name, target, facts, devices }: Recording,
  { manifest }: Guest["unikernel"],
): HostFacts {
  const { descriptors = "", features } = target === "spt" ? facts : {
    descriptors: devices.map(() => NO_DESCRIPTOR).join(" "),
    features: "",
  };
  const inherited = descriptors === "" ? [] : descriptors.split(" ").map(Number);
  const known = inherited.every((fd) =>
    Number.isInteger(fd) && fd >= NO_DESCRIPTOR && fd < 2 ** 20
  );
  if (features === undefined || inherited.length !== devices.length || !known) {
    throw brokenRecording(name, "it does not say on which host it was made");
  }
  const here = featuresHere();
  const missing = features.split(" ").filter((feature) =>
    feature !== "" && !here.includes(feature)
  );
  if (missing.length > 0) {
    const message = `${name}: was recorded on a CPU with ${
      missing.join(", ")
    }, which this one lacks`;
    throw new TenderError("host", message);
  }
  return {
    devices: devices.map((properties, index) => ({
      handle: index + 1,
      name: manifest.devices[index]!.name,
      properties,
      ...(inherited[index] === NO_DESCRIPTOR ? {} : { inherited: inherited[index]! }),
    })),
    replayed: true,
  };
}

/** A checksum of what a guest begins with: its memory, without the launch above it. */
function startHash({ segments, note: { memory } }: ProcessImage): string {
  const hash = new Hash().word(memory / 4096);
  for (const { address, data } of segments) {
    if (address < memory) hash.word(address).bytes(data);
  }
  return hash.toString();
}

function otherStart({ name }: Recording): TenderError {
  const message = `${name}: was made by another version of soloden, whose guests begin otherwise`;
  return new TenderError("recording", message);
}
