/**
 * The command `pack`, which reads its command line without the scanner.
 *
 * @module
 */
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { packerOf } from "../tender/targets.ts";
import { bind, filesOf } from "../tender/guest.ts";
import { devicesOf, isPlain, isScript, parseArguments } from "./guest_words.ts";

/**
 * Writes a unikernel of spt and its launch as one executable.
 *
 * @param words options, with the output among them, the unikernel, the guest's arguments
 * @returns whether the words are a command line of `pack`; if not, nothing was done
 */
export async function packCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request?.output === undefined) return false;
  const { file, memorySize: memory, args, output, asked, target, verbose, restore } = request;
  if (!isPlain(asked) || target !== undefined || verbose || restore) return false;
  const devices = await devicesOf(request);
  const given = isScript(request)
    ? await (await import("./languages/script.ts")).readScript(request)
    : { unikernel: parseUnikernel(readInput(file), { name: file }), args };
  const unikernel = given.unikernel.portable === undefined
    ? given.unikernel
    : await (await import("./choose_target.ts")).forPacking(given.unikernel);
  const pack = packerOf(unikernel);
  const guest = bind(unikernel, { memory, args: given.args, devices });
  keepInputs(output, filesOf(guest));
  writeOutput(output, await pack(guest), { mode: 0o777 });
  return true;
}
