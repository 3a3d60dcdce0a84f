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
import { becomeGuest } from "../run.ts";
import type { Device } from "../../tender/devices/device.ts";
import { TenderError } from "../../tender/error.ts";
import { bind, checkTarget, type Guest, type TenderTarget } from "../../tender/guest.ts";
import { readOptions, splitWords } from "./tender_options.ts";
import { faultWords } from "./fault_words.ts";

/** The name of a program. */
export type TenderProgramName = "solo5-hvt" | "solo5-hvt-debug" | "solo5-spt";

/** The target of each program, and the flags that only it has. */
const PROGRAMS: Record<TenderProgramName, { target: TenderTarget; flags: readonly string[] }> = {
  "solo5-hvt": { target: "hvt", flags: [] },
  "solo5-hvt-debug": { target: "hvt", flags: [] },
  "solo5-spt": { target: "spt", flags: ["--x-exec-heap"] },
};

/**
 * Runs a program. On spt this process becomes the guest; on hvt it runs the guest to its end.
 *
 * @returns the exit status; undefined if the guest's own is set already
 * @throws {TenderError | ElfError} with the words that scripts look for
 */
export async function tenderProgram(
  name: TenderProgramName,
  words: readonly string[],
): Promise<number | undefined> {
  const split = splitWords(words);
  switch (split.kind) {
    case "help":
      await sayUsage(name);
      return 1;
    case "version":
      say(`${name} tender, version v${SOLO5_VERSION} (soloden)`);
      say(`ABI version ${ABI_VERSION[PROGRAMS[name].target]}`);
      return 0;
    case "no-kernel":
      say(`${name}: Missing KERNEL operand`);
      await sayUsage(name);
      return 1;
  }
  try {
    await runUnikernel(name, { ...split, words });
  } catch (error) {
    if (!(error instanceof TenderError) || error.code !== "option") throw error;
    for (const line of error.message.split("\n")) say(`${name}: ${line}`);
    await sayUsage(name);
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
  const { target, flags } = PROGRAMS[name];
  const unikernel = loadUnikernel(file, target);
  const { manifest } = unikernel;
  const { observe, others } = await splitDebugging(name, options);
  const { devices, executableHeap, memory } = await readOptions(others, { manifest, flags });
  if (executableHeap) {
    say(`${name}: WARNING: The use of --x-exec-heap is dangerous: heap and stack are executable`);
  }
  const memorySize = fittingSize(name, memory);
  checkFits(unikernel, memorySize);
  checkAttached(manifest, devices);
  const guest = bind(unikernel, target, { memorySize, args, devices, executableHeap });
  if (target === "hvt" && unikernel.machine === "x86_64") await reportSignals(name);
  if (observe.length === 0) {
    const before = words.slice(0, words.length - args.length - 1);
    const line = { program: [name], options: before, file, args };
    const options = { program: name, describe: faultWords, line };
    if (target === "spt") return await becomeGuest(guest, options);
    const { runMachine } = await import("./run_machine.ts");
    runMachine(guest, options);
  } else await debugUnikernel(name, { guest, observe });
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
  if (unikernel.machine !== arch) {
    const rule = `invalid or unsupported executable: is for ${unikernel.machine}, not ${arch}`;
    throw new TenderError("target", `${file}: invalid executable: ${rule}`);
  }
  checkTarget(unikernel, target);
  return unikernel;
}

/** Separates the options of `solo5-hvt-debug` about debugging, rewritten as `run` has them, from the others. */
async function splitDebugging(
  name: TenderProgramName,
  options: readonly string[],
): Promise<{ observe: readonly string[]; others: readonly string[] }> {
  if (name !== "solo5-hvt-debug") return { observe: [], others: options };
  const { splitDebugOptions } = await import("./debug_options.ts");
  return splitDebugOptions(options);
}

/** Has a line printed when SIGINT or SIGTERM ends a tender of hvt. On spt the signal ends the guest itself. */
async function reportSignals(name: TenderProgramName): Promise<void> {
  const { exitOnSignal } = await import("../../linux/exit_on_signal.ts");
  exitOnSignal([2, 15], { status: 1, line: (signal) => `${name}: Exiting on signal ${signal}` });
}

/** Runs a guest under gdb, or with a core file if it crashes. */
async function debugUnikernel(
  name: TenderProgramName,
  { guest, observe }: { guest: Guest; observe: readonly string[] },
): Promise<void> {
  const { runOnHvt } = await import("../run_hvt.ts");
  const asked = { observe, limits: [], confined: true };
  await runOnHvt(guest, { ...asked, program: name, describe: faultWords });
}

/** Rounds a size of memory down to the target's step, but on hvt to one step at least. Says so if it changes. */
function fittingSize(name: TenderProgramName, asked: bigint): number {
  const { target } = PROGRAMS[name];
  const [step, max] = [BigInt(MEMORY[target].step), BigInt(MEMORY[target].max)];
  const down = asked - asked % step;
  const size = target === "spt" || down > 0n ? down : step;
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

async function sayUsage(name: TenderProgramName): Promise<void> {
  const { usage } = await import("./usage.ts");
  say(usage(name));
}

function say(text: string): void {
  console.error(text);
}
