/**
 * The programs `solo5-hvt`, `solo5-hvt-debug` and `solo5-spt`: tenders of one target, for the scripts
 * that call Solo5's.
 *
 * @module
 */
import type { Manifest } from "../../abi/manifest.ts";
import { ABI_VERSION } from "../../abi/notes.ts";
import { MEMORY, SOLO5_VERSION } from "../../abi/solo5.ts";
import { loadExecutable } from "./input.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import type { Device } from "../../tender/devices/kinds.ts";
import { TenderError } from "../../tender/error.ts";
import { bind, type TenderTarget, tenderTarget } from "../../tender/guest.ts";
import { TENDERS } from "../../tender/targets.ts";
import { readOptions, splitWords } from "./tender_options.ts";
import { faultWords } from "./fault_words.ts";
import { usage } from "./usage.ts";

/** A program by its name. */
export type TenderProgramName = "solo5-hvt" | "solo5-hvt-debug" | "solo5-spt";

/** What tells the programs apart. */
interface Program {
  readonly target: TenderTarget;
  /** The flags that only it has. */
  readonly flags: readonly string[];
  /** Whether it gives a guest one step of memory at least, however little is asked for. */
  readonly oneStep: boolean;
  /** Whether it says which signal ended it. On spt the signal ends the guest itself. */
  readonly reportsSignals: boolean;
}

const HVT: Program = {
  target: "hvt",
  flags: ["--no-net-ring"],
  oneStep: true,
  reportsSignals: true,
};

const PROGRAMS: Record<TenderProgramName, Program> = {
  "solo5-hvt": HVT,
  "solo5-hvt-debug": HVT,
  "solo5-spt": { target: "spt", flags: ["--x-exec-heap"], oneStep: false, reportsSignals: false },
};

/**
 * Runs a program: on spt this process becomes the guest, on hvt it runs it to its end.
 *
 * @returns the exit status, unless the guest's own is set already
 * @throws {TenderError | ElfError} with the words that scripts look for
 */
export async function tenderProgram(
  name: TenderProgramName,
  words: readonly string[],
): Promise<number | undefined> {
  const split = splitWords(words);
  switch (split.kind) {
    case "help":
      say(usage(name));
      return 1;
    case "version":
      say(`${name} tender, version v${SOLO5_VERSION} (soloden)`);
      say(`ABI version ${ABI_VERSION[PROGRAMS[name].target]}`);
      return 0;
    case "no-kernel":
      say(`${name}: Missing KERNEL operand`);
      say(usage(name));
      return 1;
  }
  try {
    await runUnikernel(name, { ...split, words });
  } catch (error) {
    if (!(error instanceof TenderError) || error.code !== "option") throw error;
    for (const line of error.message.split("\n")) say(`${name}: ${line}`);
    say(usage(name));
    return 1;
  }
}

interface Run {
  /** All of the program's words. */
  readonly words: readonly string[];
  readonly options: readonly string[];
  readonly file: string;
  readonly args: readonly string[];
}

async function runUnikernel(
  name: TenderProgramName,
  { words, options, file, args }: Run,
): Promise<void> {
  const { target, flags, reportsSignals } = PROGRAMS[name];
  const unikernel = loadUnikernel(file, target);
  const { manifest } = unikernel;
  const { observe, others } = await splitDebugging(name, options);
  const { devices, executableHeap, netRing, memory } = await readOptions(others, {
    manifest,
    flags,
  });
  if (executableHeap) {
    say(`${name}: WARNING: The use of --x-exec-heap is dangerous: heap and stack are executable`);
  }
  const memorySize = fittingSize(name, memory);
  checkFits(unikernel, memorySize);
  checkAttached(manifest, devices);
  const guest = bind(unikernel, {
    memory: memorySize,
    args,
    devices: Object.fromEntries(devices),
    executableHeap,
  });
  if (reportsSignals) await reportSignals(name);
  const tender = await TENDERS[target].load([...devices.values()]);
  if (tender.become !== undefined && observe.length === 0) {
    const before = words.slice(0, words.length - args.length - 1);
    const line = { program: [name], options: before, file, args };
    await tender.become(guest, { program: name, line });
  }
  const { runToEnd } = await import("../run_to_end.ts");
  const machine = netRing ? [] : ["--no-net-ring"];
  await runToEnd(guest, {
    tender,
    asked: { observe, limits: [], machine, confinement: [] },
    file,
    program: name,
    describe: faultWords,
    explained: observe.length > 0,
  });
}

/** A unikernel that can be run here. */
function loadUnikernel(file: string, target: TenderTarget): Unikernel {
  const words = {
    // For a target that is unknown here.
    abi: `Executable is not for the solo5-${target} target`,
    manifest: "Solo5 manifest is invalid",
  };
  const unikernel = loadExecutable(file, { parse: parseUnikernel, words });
  const { arch } = Deno.build;
  if (unikernel.architecture !== arch) {
    const rule = `invalid or unsupported executable: is for ${unikernel.architecture}, not ${arch}`;
    throw new TenderError("target", `${file}: invalid executable: ${rule}`);
  }
  if (unikernel.abi.target !== target) {
    throw new TenderError("target", `${file}: ${words.abi}`);
  }
  tenderTarget(unikernel);
  return unikernel;
}

/** Parts the options of `solo5-hvt-debug` about debugging, in the form that `run` has, from the others. */
async function splitDebugging(
  name: TenderProgramName,
  options: readonly string[],
): Promise<{ observe: readonly string[]; others: readonly string[] }> {
  if (name !== "solo5-hvt-debug") return { observe: [], others: options };
  const { splitDebugOptions } = await import("./debug_options.ts");
  return splitDebugOptions(options);
}

/** Has a line printed when SIGINT or SIGTERM ends this process. */
async function reportSignals(name: TenderProgramName): Promise<void> {
  const { exitOnSignal } = await import("../../linux/exit_on_signal.ts");
  exitOnSignal([2, 15], { status: 1, line: (signal) => `${name}: Exiting on signal ${signal}` });
}

/** Rounds a size of memory down to the target's step, and says so if it changes. */
function fittingSize(name: TenderProgramName, asked: bigint): number {
  const { target, oneStep } = PROGRAMS[name];
  const [step, max] = [BigInt(MEMORY[target].step), BigInt(MEMORY[target].max)];
  const down = asked - asked % step;
  const size = oneStep && down === 0n ? step : down;
  if (size !== asked) say(`${name}: adjusting memory to ${size} bytes`);
  if (size > max) {
    const rule = `exceeds the max size ${max} bytes`;
    throw new TenderError("memory", `guest memory size ${size} bytes ${rule}`);
  }
  return Number(size);
}

function checkFits({ name, entry, kernelEnd }: Unikernel, memorySize: number): void {
  const needed = Math.max(entry + 1, kernelEnd);
  if (needed <= memorySize) return;
  const rule = `needs ${needed} bytes of memory, and there are ${memorySize}`;
  throw new TenderError("memory", `${name}: invalid executable: ${rule}`);
}

function checkAttached(manifest: Manifest, devices: ReadonlyMap<string, Device>): void {
  const missing = manifest.devices.filter(({ name }) => !devices.has(name))
    .map(({ name, type }) => `Device '${name}' of type ${type} declared but not attached.`);
  if (missing.length === 0) return;
  const rule = "All declared devices must be attached. See --help for syntax.";
  throw new TenderError("device", [...missing, rule].join("\n"));
}

function say(text: string): void {
  console.error(text);
}
