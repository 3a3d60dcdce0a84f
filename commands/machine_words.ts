/**
 * Reads the options about a guest's virtual machine. Only a run with one of them loads this module.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { CpuModel } from "../tender/hvt/cpu_model.ts";
import type { Emulator, MachineOptions } from "../tender/hvt/machine.ts";

const CPUS: readonly CpuModel[] = ["host", "baseline"];
const EMULATORS: readonly Emulator[] = ["kvm", "qemu"];

/**
 * Reads the options about a guest's virtual machine.
 *
 * @param words as `Asked.machine` has them
 * @throws {TenderError} "option" if there is no such CPU or emulator
 */
export function readMachine(words: readonly string[]): MachineOptions {
  const options: { -readonly [name in keyof MachineOptions]: MachineOptions[name] } = {};
  for (const word of words) {
    if (word === "--no-net-ring") options.netRing = false;
    else if (word.startsWith("--cpu=")) options.cpu = readValue(word, CPUS);
    else options.emulator = readValue(word, EMULATORS);
  }
  return options;
}

function readValue<V extends string>(word: string, values: readonly V[]): V {
  const value = word.slice(word.indexOf("=") + 1);
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw new TenderError("option", `${word}: expected ${values.join(" or ")}`);
}
