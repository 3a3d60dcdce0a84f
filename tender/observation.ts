/**
 * What `run` may be asked to show of a guest: the options, read. Only a run that is given one of them
 * loads this.
 *
 * @module
 */
import { TenderError } from "./error.ts";
import type { Guest } from "./guest.ts";

/** What to show of a run. */
export interface Observation {
  /** Every hypercall, on standard error if there is no file. */
  readonly trace?: { readonly file?: string; readonly format: "text" | "json" };
  /** Files for the frames of network devices, by the device's handle. */
  readonly captures: ReadonlyMap<number, string>;
  /** Statistics at the end. */
  readonly stats: boolean;
}

/**
 * Reads the options that ask to see something of a guest.
 *
 * @param words as `GuestRequest.observe` has them
 * @throws {TenderError} "option" for a value that is none, a device that is none or not a network
 * device, or a guest that cannot be observed so
 */
export function readObservation(words: readonly string[], guest: Guest): Observation {
  if (guest.unikernel.abi.target !== "hvt") throw notHere(words[0]!);
  const captures = new Map<number, string>();
  let traced = false;
  let stats = false;
  let file: string | undefined;
  let format: "text" | "json" = "text";
  for (const word of words) {
    const [, name, value = ""] = /^--([a-z-]+)(?:[=:](.*))?$/s.exec(word)!;
    if (name === "stats") stats = true;
    else if (name === "net-pcap") captures.set(...readCapture(word, { value, guest }));
    else {
      traced = true;
      if (name === "trace-format") format = readFormat(value);
      else if (value !== "") file = value;
    }
  }
  return { trace: traced ? { file, format } : undefined, captures, stats };
}

function readFormat(value: string): "text" | "json" {
  if (value === "text" || value === "json") return value;
  throw new TenderError("option", `--trace-format=${value}: expected text or json`);
}

function readCapture(
  word: string,
  { value, guest }: { value: string; guest: Guest },
): [handle: number, file: string] {
  const [, name, file] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
  if (file === undefined) throw new TenderError("option", `${word}: expected --net-pcap:NAME=FILE`);
  const device = guest.devices.find((device) => device.name === name);
  if (device?.device.type !== "NET_BASIC") {
    throw new TenderError("option", `${word}: there is no network device '${name}'`);
  }
  return [device.handle, file];
}

function notHere(word: string): TenderError {
  const option = /^--[a-z-]+/.exec(word)![0];
  return new TenderError(
    "option",
    `${option}: not on spt, where the guest's system calls are its own; strace -p shows them, or build it for hvt`,
  );
}
