/**
 * The commands of this room: `run` and `pack`.
 *
 * @module
 */
import { readInput, writeOutput } from "../elftool/files.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";
import { bind, type Guest, type TenderTarget } from "./guest.ts";
import { type GuestFlags, parseMemory } from "./options.ts";

/** What the command line says about a guest. */
interface Request {
  readonly flags: GuestFlags;
  readonly file: string;
  readonly args: readonly string[];
}

/** Runs a unikernel as this process: the guest's exit status is the command's. */
export async function runCommand(
  flags: GuestFlags,
  file: string,
  ...args: string[]
): Promise<void> {
  const { guest, target } = load({ flags, file, args });
  if (target === "hvt") return await runOnKvm(guest);
  const { compileImage } = await import("./spt/image.ts");
  const { becomeImage } = await import("./spt/start.ts");
  await becomeImage(compileImage(guest));
}

/** Writes a spt unikernel and its launch as one executable. */
export async function packCommand(
  flags: GuestFlags & { output: string },
  file: string,
  ...args: string[]
): Promise<void> {
  const { guest, target } = load({ flags, file, args });
  if (target !== "spt") {
    throw new TenderError(
      "target",
      `${file}: only spt unikernels can be packed, this is for ${target}`,
    );
  }
  const { compileImage } = await import("./spt/image.ts");
  const { encodeImage } = await import("./spt/start.ts");
  writeOutput(flags.output, encodeImage(compileImage(guest)), { mode: 0o755 });
}

async function runOnKvm(guest: Guest): Promise<void> {
  const { runHvt } = await import("./hvt/vm.ts");
  const { describe, statusOf } = await import("./outcome.ts");
  const outcome = runHvt(guest);
  const message = describe(outcome);
  if (message !== undefined) console.error(`soloden: ${message}`);
  Deno.exitCode = statusOf(outcome);
}

function load({ flags, file, args }: Request): { guest: Guest; target: TenderTarget } {
  const memorySize = parseMemory(flags.mem);
  const unikernel = parseUnikernel(readInput(file), { name: file });
  const { target } = unikernel.abi;
  if (target !== "hvt" && target !== "spt") {
    throw new TenderError("target", `${file}: is for the ${target} target; hvt and spt can be run`);
  }
  return { guest: bind(unikernel, target, { memorySize, args }), target };
}
