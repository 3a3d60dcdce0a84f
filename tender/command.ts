/**
 * The commands of this room: `run` and `pack`. They read their command lines themselves.
 *
 * @module
 */
import { readInput, writeOutput } from "../elftool/files.ts";
import { parseUnikernel, type Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";
import { bind, type Guest } from "./guest.ts";
import { type GuestRequest, parseArguments } from "./options.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Runs a unikernel as this process: the guest's exit status is the command's.
 *
 * @param words options, the unikernel, the guest's arguments
 * @returns whether the words are a command line; if not, nothing was done
 */
export async function runCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request === undefined || request.output !== undefined) return false;
  const { file, observe, hold } = request;
  const bytes = readInput(file);
  const unikernel = parseUnikernel(bytes, { name: file });
  const { target } = unikernel.abi;
  if (target !== "spt" && target !== "hvt") {
    throw new TenderError("target", `${file}: is for the ${target} target; hvt and spt can be run`);
  }
  const guest = bind(unikernel, target, request);
  if (target === "spt" && observe.includes("--gdb")) await runInGdb(guest, file);
  else if (target === "hvt" || observe.length > 0) {
    await runToBeSeen(guest, { bytes, observe, hold });
  } else if (hold.length > 0) await runToBeHeld(guest, hold);
  else await becomeGuest(guest, {});
  return true;
}

/** Starts gdb with a guest of spt in it. */
async function runInGdb(guest: Guest, symbols: string): Promise<void> {
  const { compileImage } = await import("./spt/image.ts");
  const { debugImage } = await import("./spt/debug.ts");
  const image = compileImage(guest, await prepare(guest));
  Deno.exitCode = await debugImage(image, symbols);
}

/** Runs a guest of spt as a child of this process, which sees to its limits. */
async function runToBeHeld(guest: Guest, hold: readonly string[]): Promise<void> {
  const { readHolding } = await import("./holding.ts");
  const { limits, confined } = readHolding(hold);
  if (!confined) {
    throw new TenderError("option", "--no-confine: not on spt, whose guests are always confined");
  }
  const { runHeld } = await import("./run_held.ts");
  const { describe } = await import("./outcome.ts");
  const end = await loadEnd("soloden");
  const outcome = await runHeld(guest, limits);
  end({ outcome, message: describe(outcome) });
}

/** Runs a guest with all that a person may want to see of it. */
async function runToBeSeen(
  guest: Guest,
  words: { bytes: Uint8Array; observe: readonly string[]; hold: readonly string[] },
): Promise<void> {
  const { explainedRun } = await import("./hvt/observe/explained_run.ts");
  const end = await loadEnd("soloden");
  end(await explainedRun(guest, words));
}

/**
 * Writes a spt unikernel and its launch as one executable.
 *
 * @param words as for {@linkcode runCommand}, with the output among the options
 * @returns whether the words are a command line; if not, nothing was done
 */
export async function packCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request?.output === undefined || request.observe.length + request.hold.length > 0) {
    return false;
  }
  const unikernel = load(request);
  if (isSameFile(request.file, request.output)) {
    throw new TenderError("option", `${request.output}: is the unikernel itself, which is kept`);
  }
  const { checkPackable, pack } = await import("./pack.ts");
  checkPackable(unikernel);
  writeOutput(request.output, await pack(bind(unikernel, "spt", request)), { mode: 0o777 });
  return true;
}

function isSameFile(path: string, other: string): boolean {
  try {
    return Deno.realPathSync(path) === Deno.realPathSync(other);
  } catch {
    return false;
  }
}

function load({ file }: GuestRequest): Unikernel {
  return parseUnikernel(readInput(file), { name: file });
}

/** Which program a guest is run by, where that is not `soloden`. */
export interface LaunchOptions {
  /** What the line about a fault begins with. */
  readonly program?: string;
  /** What the line says. */
  readonly describe?: (outcome: Outcome) => string | undefined;
}

/** Runs a guest as this process, on its target. */
export async function launch(guest: Guest, options: LaunchOptions = {}): Promise<void> {
  if (guest.unikernel.abi.target === "spt") await becomeGuest(guest, options);
  else await runOnKvm(guest, options);
}

async function becomeGuest(guest: Guest, options: LaunchOptions): Promise<void> {
  const { compileImage } = await import("./spt/image.ts");
  const { becomeImage } = await import("./spt/start.ts");
  await becomeImage(compileImage(guest, await prepare(guest), options));
}

/** Looks at the devices of a spt guest, where it has any. */
async function prepare(guest: Guest) {
  if (guest.devices.length === 0) return [];
  const { prepareDevices } = await import("./spt/prepare.ts");
  return prepareDevices(guest.devices, { keep: false });
}

async function runOnKvm(
  guest: Guest,
  { program = "soloden", describe }: LaunchOptions,
): Promise<void> {
  const { runHvt } = await import("./hvt/vm.ts");
  const told = describe ?? (await import("./outcome.ts")).describe;
  const { confine } = await import("./hvt/confine.ts");
  const end = await loadEnd(program);
  const outcome = runHvt(guest, undefined, {
    confine: ({ descriptor }) => void confine({ vcpu: descriptor }),
  });
  end({ outcome, message: told(outcome) });
}

/** What an ended run comes to for a person: a line, where there is something to say, and a status. */
interface Ended {
  readonly outcome: Outcome;
  readonly message: string | undefined;
}

/**
 * Makes the function that ends as a guest did. Made before the guest runs: a process that is confined
 * can load nothing any more.
 */
async function loadEnd(program: string): Promise<(ended: Ended) => void> {
  const { statusOf } = await import("./outcome.ts");
  return ({ outcome, message }) => {
    if (message !== undefined) console.error(`${program}: ${message}`);
    Deno.exitCode = statusOf(outcome);
  };
}
