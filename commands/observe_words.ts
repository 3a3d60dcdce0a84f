/**
 * The options that show something of a run, read. Only a run that is given one of them loads this.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { Guest } from "../tender/guest.ts";
import type { Endpoint } from "../linux/socket.ts";
import { networkHandle } from "../tender/observe/pcap.ts";
import { type AskedFaults, readFaults } from "./inject_words.ts";

/** What to show of a run. */
export interface Observation {
  /** Every hypercall, on standard error if there is no file. */
  readonly trace?: { readonly file?: string; readonly format: "text" | "json" };
  /** Files for the frames of network devices, by the device's name. */
  readonly captures: ReadonlyMap<string, string>;
  /** Statistics at the end. */
  readonly stats: boolean;
  /** Where to wait for gdb, before the guest runs. */
  readonly gdb?: Endpoint;
  /** File for the recording of the run. */
  readonly record?: string;
  /** Faults to put into it. */
  readonly inject?: AskedFaults;
  /** File for the run, when a signal asks for it. */
  readonly suspend?: string;
  /** Directory for a core file, if the guest breaks. */
  readonly coreDirectory?: string;
}

/** Where to wait for gdb by default: only programs of this host can connect. */
const GDB_ENDPOINT: Endpoint = { address: [127, 0, 0, 1], port: 1234 };

/**
 * Reads the options that ask to see something of a guest.
 *
 * @param words as `Asked.observe` has them
 * @throws {TenderError} "option" if a value is wrong, or if there is no such network device
 */
export function readObservation(words: readonly string[], guest: Guest): Observation {
  const captures = new Map<string, string>();
  let traced = false;
  let stats = false;
  let gdb: Endpoint | undefined;
  let coreDirectory: string | undefined;
  let record: string | undefined;
  let inject: AskedFaults | undefined;
  let suspend: string | undefined;
  let file: string | undefined;
  let format: "text" | "json" = "text";
  for (const word of words) {
    const [, name, value = ""] = /^--([a-z-]+)(?:[=:](.*))?$/s.exec(word)!;
    switch (name) {
      case "trace":
        traced = true;
        if (value !== "") file = value;
        break;
      case "trace-format":
        traced = true;
        format = readFormat(value);
        break;
      case "stats":
        stats = true;
        break;
      case "gdb":
        gdb = readEndpoint(value);
        break;
      case "record":
        record = value;
        break;
      case "inject":
        inject = readFaults(value);
        break;
      case "suspend":
        suspend = value;
        break;
      case "dumpcore":
        coreDirectory = value;
        break;
      case "net-pcap":
        captures.set(...readCapture(word, { value, guest }));
    }
  }
  if (stats && gdb !== undefined) {
    throw new TenderError(
      "option",
      "--stats cannot be used with --gdb: it would count the debugger's time",
    );
  }
  const trace = traced ? { file, format } as const : undefined;
  return { trace, captures, stats, gdb, coreDirectory, record, inject, suspend };
}

/**
 * Reads where to wait for gdb.
 *
 * @param written `PORT` or `ADDRESS:PORT`, or empty for the default; port 0 is any free one
 * @throws {TenderError} "option"
 */
export function readEndpoint(written: string): Endpoint {
  if (written === "") return GDB_ENDPOINT;
  const [, given, digits] = /^(?:([0-9.]+):)?([0-9]{1,5})$/.exec(written) ?? [];
  const address = given?.split(".").map(Number) ?? GDB_ENDPOINT.address;
  const port = Number(digits);
  const right = address.length === 4 && address.every((part) => part < 256) && port < 0x1_0000;
  if (right) return { address, port };
  throw new TenderError(
    "option",
    `--gdb=${written}: expected PORT or ADDRESS:PORT, as 127.0.0.1:1234`,
  );
}

function readFormat(value: string): "text" | "json" {
  if (value === "text" || value === "json") return value;
  throw new TenderError("option", `--trace-format=${value}: expected text or json`);
}

function readCapture(
  word: string,
  { value, guest }: { value: string; guest: Guest },
): [name: string, file: string] {
  const [, name = "", file] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
  if (file === undefined) throw new TenderError("option", `${word}: expected --net-pcap:NAME=FILE`);
  networkHandle(guest, name, word);
  return [name, file];
}
