/**
 * The command `snapshot`, which reads its command line without the scanner.
 *
 * @module
 */
import { parseUnikernel } from "../elftool/unikernel.ts";
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";
import { bind, filesOf } from "../tender/guest.ts";
import { snapshot } from "../tender/snapshot.ts";
import { targetOf } from "../tender/targets.ts";
import { forRunning } from "./choose_target.ts";
import { devicesOf, parseArguments } from "./guest_words.ts";
import { readLimits } from "./limit_words.ts";
import { readMachine } from "./machine_words.ts";
import { withInput } from "./standard_input.ts";

/**
 * Runs a unikernel until it has initialised, and writes its memory as a unikernel.
 *
 * @param words options, with the output among them, the unikernel, the guest's arguments
 * @returns whether the words are a command line of `snapshot`; if not, nothing was done
 */
export async function snapshotCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request?.output === undefined) return false;
  const { file, memorySize: memory, args, output, asked, script, restore } = request;
  const { observe, limits, machine, confinement } = asked;
  if (observe.length + confinement.length + script.length > 0 || restore) return false;
  const given = parseUnikernel(readInput(file), { name: file });
  // What it reads before its mark, every start would have read.
  const devices = await withInput(await devicesOf(request), given.manifest, { empty: true });
  const guest = bind(await forRunning(given, request), { memory, args, devices });
  keepInputs(output, filesOf(guest));
  const tender = await targetOf(guest.unikernel).load([]);
  await tender.check(asked);
  const taken = await snapshot(guest, {
    ...readMachine(machine),
    ...(limits.length > 0 ? { limits: readLimits(limits) } : {}),
  });
  writeOutput(output, taken.file!);
  return true;
}
