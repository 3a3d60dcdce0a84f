/**
 * Reads the options about a guest's virtual machine. Only a run with one of them loads this module.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { CpuModel } from "../tender/hvt/cpu_model.ts";
import type { MachineOptions } from "../tender/hvt/machine.ts";

const CPUS: readonly CpuModel[] = ["host", "baseline"];

/**
 * Reads the options about a guest's virtual machine.
 *
 * @param words as `Asked.machine` has them
 * @throws {TenderError} "option" if there is no such CPU
 */
export function readMachine(words: readonly string[]): MachineOptions {
  const options: { -readonly [name in keyof MachineOptions]: MachineOptions[name] } = {};
  for (const word of words) {
    if (word === "--no-net-ring") options.netRing = false;
    else options.cpu = readCpu(word);
  }
  return options;
}

function readCpu(word: string): CpuModel {
  const value = word.slice("--cpu=".length);
  const found = CPUS.find((cpu) => cpu === value);
  if (found !== undefined) return found;
  throw new TenderError("option", `${word}: expected ${CPUS.join(" or ")}`);
}
