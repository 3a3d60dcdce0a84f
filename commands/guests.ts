/**
 * The sub-commands that launch guests, `run` and `pack`, as help and mistakes need them: a command line
 * without a mistake is read by the tender itself.
 *
 * @module
 */
import { buildCommand } from "@stricli/core";
import { splitOptions } from "../tender/options.ts";
import { argument, flag, option, options, text } from "./options.ts";

/** Options about a guest. A device's name is part of the option: `--net:NAME=tap0`. */
const guestOptions = {
  mem: option("--mem=MiB: guest memory (512)"),
  net: options("--net:NAME=IFACE or @FD: TAP interface or open descriptor of network device NAME"),
  "net-mac": options("--net-mac:NAME=MAC: address of network device NAME (random)"),
  block: options(
    "--block:NAME=PATH[,ro|,overlay]: storage of block device NAME; refuse writes, or drop them at exit",
  ),
  "block-sector-size": options("--block-sector-size:NAME=BYTES: block size of NAME (512)"),
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
  parameter: argument("UNIKERNEL [ARGS…]", "Unikernel, then the arguments that it gets"),
} as const;

const GUEST_USAGE = "[OPTIONS] [--] UNIKERNEL [ARGS…]";

/** Options that show something of a run. */
const observing = {
  trace: {
    ...option("--trace[=FILE]: tell each hypercall, on standard error if there is no FILE (hvt)"),
    inferEmpty: true,
  },
  "trace-format": option("--trace-format=json|text: a JSON object a line, or text (hvt)"),
  "net-pcap": options("--net-pcap:NAME=FILE: keep the frames of network device NAME (hvt)"),
  stats: flag("--stats: tell at the end what the guest did, and where the time went (hvt)"),
  gdb: {
    ...option("--gdb[=[ADDRESS:]PORT]: wait for gdb, at 127.0.0.1:1234 (hvt); start gdb (spt)"),
    inferEmpty: true,
  },
  dumpcore: option("--dumpcore=DIR: leave a core file in DIR if the guest breaks (hvt)"),
} as const;

/** Options that hold a guest in. */
const holding = {
  timeout: option("--timeout=SECONDS: end the guest after this time, with status 124"),
  "cpu-time": option("--cpu-time=SECONDS: end it after this time on a processor, with status 124"),
  "console-rate": option("--console-rate=BYTES: end it if it prints more than this in a second"),
  "no-confine": flag("--no-confine: let the tender keep its rights while the guest runs (hvt)"),
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
    const { runCommand } = await import("../tender/command.ts");
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
    const { packCommand } = await import("../tender/pack_command.ts");
    return async (flags: PackFlags, ...words: string[]) => {
      await packCommand(guestWords(flags, words));
    };
  },
  parameters: {
    flags: {
      ...guestOptions,
      output: { kind: "parsed", parse: text, brief: "--output FILE: what to write" },
    },
    aliases: { o: "output" },
    positional: guestArguments,
  },
  docs: {
    brief: "Make one Linux executable of a spt unikernel and its launch",
    customUsage: [`-o FILE ${GUEST_USAGE}`],
  },
});

/**
 * A command line of a tender as the scanner reads it: what follows the unikernel is the guest's, and
 * `--net:NAME=VALUE` is an option `net` with the value `NAME=VALUE`.
 */
export function guestFlags(words: readonly string[]): string[] {
  const { options, rest } = splitOptions(words);
  const flags = options.flatMap((option) => {
    const [, name, value] = /^--([a-z-]+):(.*)$/s.exec(option) ?? [];
    return name === undefined ? option : [`--${name}`, value!];
  });
  return rest.length === 0 ? flags : [...flags, "--", ...rest];
}
