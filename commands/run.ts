/**
 * The command `run`, which reads its command line without the scanner.
 *
 * @module
 */
import { parseUnikernel, type Unikernel } from "../elftool/unikernel.ts";
import { readInput } from "../linux/files.ts";
import type { Device } from "../tender/devices/kinds.ts";
import { bind } from "../tender/guest.ts";
import { targetOf } from "../tender/targets.ts";
import { devicesOf, type GuestRequest, isPlain, isScript, parseArguments } from "./guest_words.ts";

/**
 * Runs a unikernel. The guest's exit status is the command's.
 *
 * @param words options, the unikernel, the guest's arguments
 * @returns whether the words are a command line of `run`; if not, nothing was done
 */
export async function runCommand(words: readonly string[]): Promise<boolean> {
  const request = parseArguments(words);
  if (request === undefined || request.output !== undefined) return false;
  const { file, memorySize: memory, asked, target, verbose } = request;
  if (request.restore) {
    await restore(request);
    return true;
  }
  const namedDevices = await devicesOf(request);
  const given = isScript(request)
    ? await (await import("./languages/script.ts")).readScript(request)
    : { unikernel: parseUnikernel(readInput(file), { name: file }), args: request.args };
  const devices = await withUnasked(namedDevices, given.unikernel);
  const unikernel = given.unikernel.portable === undefined && target === undefined && !verbose
    ? given.unikernel
    : await (await import("./choose_target.ts")).forRunning(given.unikernel, request);
  const guest = bind(unikernel, { memory, args: given.args, devices });
  const tender = await targetOf(unikernel).load(Object.values(devices));
  if (tender.become !== undefined && isPlain(asked)) {
    const options = words.slice(0, words.length - request.args.length - 1);
    await tender.become(guest, {
      line: { program: ["soloden", "run"], options, file, args: request.args },
    });
  }
  const { runToEnd } = await import("./run_to_end.ts");
  await runToEnd(guest, { tender, asked, file });
  return true;
}

/** Goes on with a suspended run. */
async function restore(request: GuestRequest): Promise<void> {
  const { readRestored } = await import("./suspend.ts");
  const { guest, from } = readRestored(request, await devicesOf(request));
  const tender = await targetOf(guest.unikernel).load(guest.devices.map(({ device }) => device));
  const { runToEnd } = await import("./run_to_end.ts");
  await runToEnd(guest, { tender, asked: request.asked, file: request.file, from });
}

/** Adds the devices that are attached unasked. */
async function withUnasked(
  devices: Readonly<Record<string, Device>>,
  { manifest }: Unikernel,
): Promise<Readonly<Record<string, Device>>> {
  if (!manifest.devices.some(({ name }) => name === "stdin" || name === "call")) return devices;
  const { withInput } = await import("./standard_input.ts");
  return await withInput(devices, manifest, { empty: false });
}
