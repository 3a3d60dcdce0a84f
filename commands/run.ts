/**
 * The command `run`, which reads its command line without the scanner.
 *
 * @module
 */
import { readInput } from "../linux/files.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import type { LaunchOptions } from "./ending.ts";
import { TenderError } from "../tender/error.ts";
import { bind, type Guest } from "../tender/guest.ts";
import { devicesOf, parseArguments } from "./guest_words.ts";

/**
 * Runs a unikernel. The guest's exit status is the command's.
 *
 * @param words options, the unikernel, the guest's arguments
 * @returns whether the words are a command line of `run`; if not, nothing was done
 */
export async function runCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request === undefined || request.output !== undefined) return false;
  const { file, args, observe, limits, confined } = request;
  const devices = await devicesOf(request);
  const unikernel = parseUnikernel(readInput(file), { name: file });
  const { target } = unikernel.abi;
  if (target !== "spt" && target !== "hvt") {
    throw new TenderError(
      "target",
      `${file}: is for the target ${target}; soloden runs hvt and spt`,
    );
  }
  const guest = bind(unikernel, target, { ...request, devices });
  if (target === "hvt") {
    const { runOnHvt } = await import("./run_hvt.ts");
    await runOnHvt(guest, request);
  } else if (observe.length + limits.length === 0 && confined) {
    const options = words.slice(0, words.length - args.length - 1);
    await becomeGuest(guest, { line: { file, args, program: ["soloden", "run"], options } });
  } else {
    const { runOnSpt } = await import("./run_spt.ts");
    await runOnSpt(guest, request);
  }
  return true;
}

/**
 * Replaces this process by a guest of spt.
 *
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked
 */
export async function becomeGuest(guest: Guest, options: LaunchOptions): Promise<void> {
  const { compileGuest } = await import("../tender/spt/compile.ts");
  const { becomeImage } = await import("../tender/spt/start.ts");
  await becomeImage(await compileGuest(guest, options));
}
