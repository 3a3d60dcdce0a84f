/**
 * What a guest may learn from its CPU, from its own text and from that of the bindings under it.
 *
 * @module
 */
import { bindingsImage } from "../../bindings/bindings_image.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { type CpuInputs, findCpuInputs } from "../../elftool/x86_64/cpu_inputs.ts";
import { type Guest, tenderTarget } from "../guest.ts";
import { fileOf } from "./recording.ts";

/**
 * Finds the instructions.
 *
 * @param options as for `findCpuInputs`
 * @throws {TenderError} "recording" if the unikernel was not read from a file
 * @throws {ElfError} if its symbols are damaged
 * @throws {ToolchainError} if its bindings have to be built, and a tool is missing
 */
export async function cpuInputsOf(
  guest: Guest,
  options: { cpuid?: boolean } = {},
): Promise<CpuInputs> {
  const { name, architecture } = guest.unikernel;
  const file = fileOf(guest);
  const own = findCpuInputs(file, { ...options, name });
  if (parseUnikernel(file, { name }).portable === undefined) return own;
  const image = await bindingsImage(tenderTarget(guest.unikernel), architecture);
  const ofBindings = findCpuInputs(image.file, { ...options, name: image.name });
  return {
    sites: [...ofBindings.sites, ...own.sites],
    doubts: [...ofBindings.doubts, ...own.doubts],
  };
}
