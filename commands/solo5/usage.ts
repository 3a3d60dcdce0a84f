/**
 * The usage of Solo5's tenders, which `--help` and mistakes print.
 *
 * @module
 */
import { screenWidth, twoColumns } from "../columns.ts";

/** An option as it is written, and what it is for. */
type Line = readonly [form: string, brief: string];

const COMMON: readonly Line[] = [
  ["--mem=MiB", "memory of the guest (default 512)"],
  ["--net:NAME=IFACE | @FD", "TAP interface or open descriptor for the network NAME"],
  ["--net-mac:NAME=HWADDR", "hardware address of the network NAME (default: random)"],
  ["--block:NAME=PATH", "file or block device for the storage NAME"],
  ["--block-sector-size:NAME=BYTES", "block size of the storage NAME (default 512)"],
];

const NO_NET_RING: Line = ["--no-net-ring", "do not offer a ring for network frames"];

/** The options that not every program has. */
const OWN: Readonly<Record<string, readonly Line[]>> = {
  "solo5-spt": [["--x-exec-heap", "let the guest execute its heap (dangerous)"]],
  "solo5-hvt": [NO_NET_RING],
  "solo5-hvt-debug": [
    NO_NET_RING,
    ["--gdb", "wait for gdb before the guest runs"],
    ["--gdb-port=PORT", "port to wait on, on this host alone (default 1234)"],
    ["--dumpcore=DIR", "write a core file into DIR if the guest crashes"],
  ],
};

const LAST: readonly Line[] = [
  ["--help", "print this"],
  ["--version", "print the version"],
];

/**
 * The usage of a tender.
 *
 * @param name the program's
 * @param width of a line, in characters; the terminal's if not given
 * @returns lines; the last one has no newline
 */
export function usage(name: string, width: number = screenWidth()): string {
  return [
    `usage: ${name} [OPTIONS] [--] KERNEL [ARGS]`,
    "Runs the unikernel in the file KERNEL, which gets ARGS as its command line.",
    "Options:",
    ...twoColumns([...COMMON, ...(OWN[name] ?? []), ...LAST], width),
  ].join("\n");
}
