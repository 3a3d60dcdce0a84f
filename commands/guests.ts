/**
 * The sub-commands that launch guests, `run` and `pack`, as help and mistakes need them: a command line
 * without a mistake is read by the tender itself.
 *
 * @module
 */
import { buildCommand } from "@stricli/core";
import { argument, flag, option, options, text } from "./options.ts";

/** Options about a guest. A device's name is part of the option: `--net:NAME=tap0`. */
const guestOptions = {
  mem: option("--mem=MiB: memory of the guest (default 512)"),
  net: options(
    "--net:NAME=IFACE or @FD: TAP interface or open descriptor for the network device NAME",
  ),
  "net-mac": options(
    "--net-mac:NAME=MAC: MAC address of the network device NAME (default: random)",
  ),
  block: options(
    "--block:NAME=PATH[,ro|,overlay]: file or disk for the block device NAME; with ,ro its writes fail, with ,overlay they are dropped at the end",
  ),
  "block-sector-size": options(
    "--block-sector-size:NAME=BYTES: block size of the block device NAME (default 512)",
  ),
} as const;

/** The options of {@linkcode guestOptions} as the scanner finds them. */
type GuestFlags =
  & { readonly mem?: string }
  & Partial<Record<"net" | "net-mac" | "block" | "block-sector-size", string[]>>;

/** A tender's options with an output. */
type PackFlags = GuestFlags & { readonly output: string };

const guestArguments = {
  kind: "array",
  minimum: 1,
  parameter: argument(
    "UNIKERNEL [ARGS...]",
    "The file of the unikernel, then the arguments for it",
  ),
} as const;

const GUEST_USAGE = "[OPTIONS] [--] UNIKERNEL [ARGS...]";

/** Options that show something of a run. */
const observing = {
  trace: {
    ...option("--trace[=FILE]: print each hypercall to FILE, or to standard error (hvt)"),
    inferEmpty: true,
  },
  "trace-format": option(
    "--trace-format=json|text: form of the trace: a JSON object a line, or text (default text; hvt)",
  ),
  "net-pcap": options(
    "--net-pcap:NAME=FILE: write the frames of the network device NAME to FILE (hvt)",
  ),
  stats: flag("--stats: print at the end what the guest did, and where the time went (hvt)"),
  gdb: {
    ...option(
      "--gdb[=[ADDRESS:]PORT]: wait for gdb (hvt; default 127.0.0.1:1234), or start gdb (spt)",
    ),
    inferEmpty: true,
  },
  dumpcore: option("--dumpcore=DIR: write a core file into DIR if the guest crashes (hvt)"),
} as const;

/** Options that hold a guest in. */
const holding = {
  timeout: option("--timeout=SECONDS: stop the guest after this time, with status 124"),
  "cpu-time": option("--cpu-time=SECONDS: stop it after this much processor time, with status 124"),
  "console-rate": option("--console-rate=BYTES: stop it if it prints more than this in one second"),
  "no-confine": flag("--no-confine: do not confine the tender while the guest runs (hvt)"),
} as const;

/** A tender's options with those of {@linkcode observing} and {@linkcode holding}. */
type RunFlags = GuestFlags & {
  readonly trace?: string;
  readonly "trace-format"?: string;
  readonly "net-pcap"?: string[];
  readonly stats?: boolean;
  readonly gdb?: string;
  readonly dumpcore?: string;
  readonly timeout?: string;
  readonly "cpu-time"?: string;
  readonly "console-rate"?: string;
  readonly "no-confine"?: boolean;
};

/** The command line of a tender again, from what the scanner made of it. */
function guestWords(flags: RunFlags | PackFlags, words: readonly string[]): string[] {
  const options = Object.entries(flags).flatMap(([option, value]) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((value) => `--${option}:${value}`);
    return value === true || value === "" ? `--${option}` : `--${option}=${value}`;
  });
  return [...options, "--", ...words];
}

/** `run`. */
export const runGuest = buildCommand({
  loader: async () => {
    const { runCommand } = await import("./run.ts");
    return async (flags: RunFlags, ...words: string[]) => {
      await runCommand(guestWords(flags, words));
    };
  },
  parameters: { flags: { ...guestOptions, ...observing, ...holding }, positional: guestArguments },
  docs: {
    brief: "Run a unikernel",
    customUsage: [GUEST_USAGE],
  },
});

/** `pack`. */
export const pack = buildCommand({
  loader: async () => {
    const { packCommand } = await import("./pack.ts");
    return async (flags: PackFlags, ...words: string[]) => {
      await packCommand(guestWords(flags, words));
    };
  },
  parameters: {
    flags: {
      ...guestOptions,
      // An overlay is made at the start of each run, and nothing would make it there.
      block: options(
        "--block:NAME=PATH[,ro]: file or disk for the block device NAME; with ,ro its writes fail",
      ),
      output: { kind: "parsed", parse: text, brief: "--output FILE: the executable to write" },
    },
    aliases: { o: "output" },
    positional: guestArguments,
  },
  docs: {
    brief: "Make one Linux executable from an spt unikernel",
    customUsage: [`-o FILE ${GUEST_USAGE}`],
  },
});
