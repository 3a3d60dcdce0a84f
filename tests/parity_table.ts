/**
 * What Solo5's programs do with every option and every mistake: the command, its status, and the
 * text that scripts look for. Observed from Solo5's own programs; where ours say more, the text is what
 * both have in common.
 *
 * @module
 */

/** Files that the commands are about, by their paths. */
export interface Files {
  /** Prints its arguments in brackets. Needs no devices. */
  readonly args: string;
  /** Needs a network, `service`. */
  readonly net: string;
  /** Needs storage, `storage`. */
  readonly block: string;
  /** Executes its heap. */
  readonly heap: string;
  /** Exits with the status that it gets as its argument. */
  readonly exit: string;
  /** Aborts. */
  readonly abort: string;
  /** Uses a port that is not a hypercall (hvt). */
  readonly port: string;
  /** Passes a hypercall an invalid address (hvt). */
  readonly address: string;
  /** Writes to its own text. */
  readonly text: string;
  /** Causes a triple fault (hvt). */
  readonly tripleFault: string;
  /** As `args`, for the other target. */
  readonly other: string;
  /** Four blocks of 512 bytes. */
  readonly disk: string;
  /** Not a whole number of blocks. */
  readonly odd: string;
  /** Less than a block. */
  readonly small: string;
  /** Nothing in it. */
  readonly empty: string;
}

/** One command, and what it has to do. */
export interface Row {
  readonly args: readonly string[];
  readonly status: number;
  /** Lines of standard error, without the `PROGRAM: ` before each; more text may follow on each. */
  readonly says?: readonly string[];
  /** Whether the usage follows. */
  readonly usage?: boolean;
  /** Whether nothing is written to standard error. */
  readonly silent?: boolean;
  /** Part of standard output. */
  readonly prints?: string;
  /** Whether it runs a unikernel, which on hvt takes KVM. */
  readonly runs?: boolean;
}

const NOT_DECLARED = (name: string) => `Resource not declared in manifest: '${name}'`;
const INVALID = (option: string) => `Invalid option: \`${option}'`;
const BLOCK_SIZE = "Block size must be a multiple of 2 greater than or equal 512";
const ATTACH = (name: string, reason: string) => `Could not attach interface: ${name}: ${reason}`;
const UNATTACHED = (name: string, type: string) => [
  `Device '${name}' of type ${type} declared but not attached.`,
  "All declared devices must be attached. See --help for syntax.",
];

/** A row about an option that is refused with the usage. */
function refused(options: readonly string[], file: string, says: readonly string[] = []): Row {
  const last = options.at(-1)!;
  return { args: [...options, file], status: 1, says: [...says, INVALID(last)], usage: true };
}

/** What both tenders do. */
export function tenderRows({ target, files }: { target: "hvt" | "spt"; files: Files }): Row[] {
  const { args, net, block, exit, abort, other, disk, odd, small, empty } = files;
  return [
    ...wordRows({ target, files }),
    // Memory.
    { args: ["--mem=", args], status: 1, says: ["Malformed argument to --mem"] },
    { args: ["--mem=abc", args], status: 1, says: ["Malformed argument to --mem"] },
    { args: ["--mem=0", args], status: 1, says: ["Malformed argument to --mem"] },
    { args: ["--mem=0x20", args], status: 1, says: ["Malformed argument to --mem"] },
    { args: ["--mem=16", "--mem=abc", args], status: 1, says: ["Malformed argument to --mem"] },
    { args: ["--mem=abc", "--bogus", args], status: 1, says: ["Malformed argument to --mem"] },
    refused(["--mem=9999999", "--bogus"], args),
    { args: ["--mem=16x", args], status: 0, prints: "Memory map: 16 MB", runs: true },
    { args: ["--mem=+16", args], status: 0, prints: "Memory map: 16 MB", runs: true },
    { args: ["--mem= 16", args], status: 0, prints: "Memory map: 16 MB", runs: true },
    { args: [args, "--mem=8"], status: 0, prints: "Memory map: 512 MB", runs: true },
    // Devices.
    { args: [net], status: 1, says: UNATTACHED("service", "NET_BASIC") },
    { args: [block], status: 1, says: UNATTACHED("storage", "BLOCK_BASIC") },
    refused(["--net:none=tap0"], args, [NOT_DECLARED("none")]),
    refused(["--block:none=/none"], args, [NOT_DECLARED("none")]),
    refused(["--net-mac:none=02:00:00:00:00:01"], net, [NOT_DECLARED("none")]),
    refused(["--block-sector-size:none=512"], block, [NOT_DECLARED("none")]),
    refused(["--net:storage=tap0"], block, [NOT_DECLARED("storage")]),
    refused(["--net:service=nosuchtap"], net, [ATTACH("nosuchtap", "No such file or directory")]),
    refused(["--net:service=@99"], net, [ATTACH("@99", "Bad file descriptor")]),
    refused(["--net:service=@x"], net, [ATTACH("@x", "Invalid argument")]),
    refused(["--net:service=@-1"], net, [ATTACH("@-1", "Numerical result out of range")]),
    refused(["--net:service=@2147483648"], net, [
      ATTACH("@2147483648", "Numerical result out of range"),
    ]),
    refused(["--net:service=longerthanallowed"], net, [
      ATTACH("longerthanallowed", "File name too long"),
    ]),
    refused(["--net:service="], net),
    refused(["--net:service"], net),
    refused(["--net=tap0"], net),
    refused(["--net:=tap0"], net),
    refused(["--block:a.b=/none"], block),
    refused(["--block:storage="], block),
    refused(["--net-mac:service=zz"], net),
    refused(["--net-mac:none=02:00:00:00:00"], net),
    refused(["--net-mac:service=02-00-00-00-00-01"], net),
    {
      args: ["--net-mac:service=02:00:00:00:00:01", net],
      status: 1,
      says: UNATTACHED("service", "NET_BASIC"),
    },
    {
      args: ["--block-sector-size:storage=512", block],
      status: 1,
      says: UNATTACHED("storage", "BLOCK_BASIC"),
    },
    refused(["--block-sector-size:storage=abc"], block),
    refused(["--block-sector-size:storage=256"], block, [BLOCK_SIZE]),
    refused(["--block-sector-size:none=abc"], block),
    refused(["--block-sector-size:none=521"], block, [BLOCK_SIZE]),
    refused(["--block-sector-size:storage=1000"], block, [BLOCK_SIZE]),
    refused(["--block-sector-size:storage=65536"], block, [BLOCK_SIZE]),
    refused(["--block-sector-size:storage=-512"], block, [BLOCK_SIZE]),
    refused(["--block-sector-size:storage=99999999999999999999"], block, [BLOCK_SIZE]),
    {
      args: ["--block-sector-size:storage=+512", block],
      status: 1,
      says: UNATTACHED("storage", "BLOCK_BASIC"),
    },
    {
      args: ["--block:storage=/none", block],
      status: 1,
      says: ["Could not open block device: /none: No such file or directory"],
    },
    {
      args: [`--block:storage=${odd}`, block],
      status: 1,
      says: ["storage: Backing storage size must be block aligned (512 bytes)"],
    },
    {
      args: [`--block:storage=${odd}`, "--block-sector-size:storage=1024", block],
      status: 1,
      says: ["storage: Backing storage size must be block aligned (1024 bytes)"],
    },
    {
      args: [`--block:storage=${small}`, block],
      status: 1,
      says: ["storage: Backing storage size must be block aligned (512 bytes)"],
    },
    {
      args: [`--block:storage=${empty}`, block],
      status: 1,
      says: ["storage: Backing storage must be at least 1 block (512 bytes) in size"],
    },
    { args: [`--block:storage=${disk}`, block], status: 0, prints: "SUCCESS", runs: true },
    {
      args: [`--block:storage=${disk}`, "--block:storage=/none", "--bogus", block],
      status: 1,
      says: ["Could not open block device: /none: No such file or directory"],
    },
    {
      args: [`--block:storage=${empty}`, `--block:storage=${disk}`, block],
      status: 0,
      prints: "SUCCESS",
      runs: true,
    },
    {
      args: [`--block:storage=${disk}`, "--block-sector-size:storage=1024x", "--", block],
      status: 0,
      prints: "SUCCESS",
      runs: true,
    },
    // The unikernel.
    { args: ["/none"], status: 1, says: ["/none: Could not open: No such file or directory"] },
    { args: [""], status: 1, says: [": Could not open: No such file or directory"] },
    { args: ["/dev/zero"], status: 1, says: ["/dev/zero: invalid executable: "] },
    { args: [empty], status: 1, says: [`${empty}: invalid executable: `] },
    { args: ["/bin/true"], status: 1, says: ["/bin/true: invalid executable: "] },
    {
      args: ["--mem=abc", "--bogus", other],
      status: 1,
      says: [`${other}: Executable is not for the solo5-${target} target`],
    },
    { args: [exit, "0"], status: 0, prints: "solo5_exit(0) called", runs: true },
    { args: [exit, "254"], status: 254, prints: "solo5_exit(254) called", runs: true },
    { args: [abort], status: 255, prints: "solo5_abort() called", runs: true },
    { args: [exit, "255"], status: 255, prints: "solo5_exit(255) called", runs: true },
    { args: ["--", args, "a", "b c"], status: 0, prints: "[a b c]\n", runs: true },
    { args: [args, "--solo5:quiet", "--help"], status: 0, prints: "[--help]\n", runs: true },
    { args: [args, "x".repeat(8191)], status: 0, prints: `[${"x".repeat(8191)}]`, runs: true },
    {
      args: [args, "x".repeat(8192)],
      status: 1,
      says: ["Guest command line too long (max=8191 characters)"],
    },
  ];
}

/** Where options end, and what is done before anything else. */
function wordRows({ target, files }: { target: "hvt" | "spt"; files: Files }): Row[] {
  const missing = { status: 1, says: ["Missing KERNEL operand"], usage: true };
  return [
    { args: [], ...missing },
    { args: ["--"], ...missing },
    { args: ["-"], ...missing },
    { args: ["-h"], ...missing },
    { args: ["--mem=16", "--bogus"], ...missing },
    { args: ["--help"], status: 1, usage: true },
    { args: ["--bogus", "--help", "/none"], status: 1, usage: true },
    { args: ["--version", "--help"], status: 0, says: [] },
    { args: ["--bogus", "--version"], status: 0, says: [] },
    refused(["--bogus"], files.args),
    refused(["-x"], files.args),
    refused(["--mem"], files.args),
    refused(["--help=1"], files.args),
    {
      args: ["--", "--mem=16"],
      status: 1,
      says: ["--mem=16: Could not open: No such file or directory"],
    },
    { args: ["--bogus", "/none"], status: 1, says: ["/none: Could not open: "] },
    ...(target === "hvt" ? hvtRows(files) : sptRows(files)),
  ];
}

function hvtRows({ args, port, address, text, tripleFault }: Files): Row[] {
  const tooMuch = "bytes exceeds the max size 4294967296 bytes";
  return [
    {
      args: ["--mem=3", args],
      status: 0,
      says: ["adjusting memory to 2097152 bytes"],
      runs: true,
    },
    {
      args: ["--mem=1", args],
      status: 0,
      says: ["adjusting memory to 2097152 bytes"],
      runs: true,
    },
    { args: ["--mem=5000", args], status: 1, says: [`guest memory size 5242880000 ${tooMuch}`] },
    {
      args: ["--mem=-1", args],
      status: 1,
      says: [
        "adjusting memory to 18446744073707454464 bytes",
        `guest memory size 18446744073707454464 ${tooMuch}`,
      ],
    },
    {
      args: ["--mem=99999999999999999999", args],
      status: 1,
      says: [
        "adjusting memory to 18446744073707454464 bytes",
        `guest memory size 18446744073707454464 ${tooMuch}`,
      ],
    },
    { args: ["--mem=16", "--no-net-ring", args], status: 0, runs: true },
    refused(["--no-net-ring=1"], args),
    refused(["--x-exec-heap"], args),
    refused(["--gdb"], args),
    refused(["--dumpcore=/tmp"], args),
    { args: [port], status: 1, says: ["Invalid guest port access: "], runs: true },
    { args: [address], status: 1, says: ["Invalid guest access: "], runs: true },
    { args: [text], status: 1, says: ["host/guest translation fault: rip=0x"], runs: true },
    { args: [tripleFault], status: 1, says: ["KVM: unhandled exit: "], runs: true },
  ];
}

/** What only the debugging tender does; `directory` is one to write to. */
export function debugRows({ args, abort }: Files, directory: string): Row[] {
  const port = { status: 1, says: ["Malformed argument to --gdb-port"] };
  return [
    { args: ["--gdb-port=", args], ...port },
    { args: ["--gdb-port=x", args], ...port },
    { args: ["--gdb-port=-1", args], ...port },
    { args: ["--gdb-port=70000", args], ...port },
    { args: ["--gdb-port=1234x", args], status: 0, runs: true },
    { args: ["--dumpcore=/none", args], status: 1, says: ["dumpcore: cannot open dir"] },
    { args: ["--dumpcore=", args], status: 1, says: ["dumpcore: cannot open dir"] },
    refused(["--dumpcore"], args),
    refused(["--x-exec-heap"], args),
    {
      args: ["--mem=16", `--dumpcore=${directory}`, abort],
      status: 255,
      says: ["--dumpcore: the tender is not confined", `core dumped: ${directory}/core.solo5-hvt.`],
      runs: true,
    },
  ];
}

function sptRows({ args, heap, text }: Files): Row[] {
  return [
    { args: ["--mem=3", args], status: 0, prints: "Memory map: 3 MB", runs: true },
    { args: ["--mem=1", args], status: 1, says: [`${args}: invalid executable: `] },
    { args: ["--mem=-1", args], status: 1, says: ["guest memory size 18446744073708503040 bytes"] },
    { args: [text], status: 139, runs: true },
    { args: [heap], status: 139, prints: "calling\n", runs: true },
    {
      args: ["--x-exec-heap", heap],
      status: 0,
      says: ["WARNING: The use of --x-exec-heap is dangerous"],
      prints: "SUCCESS",
      runs: true,
    },
  ];
}

/** What `solo5-elftool` does; `directory` is one to write to. */
export function elftoolRows({ args, net, empty }: Files, directory: string): Row[] {
  const abi = `{\n  "type": "solo5.abi",\n  "target": "hvt",\n  "version": 2\n}\n`;
  const manifest = (devices: string) =>
    `{\n  "type": "solo5.manifest",\n  "version": 1,\n  "devices": [\n${devices}  ]\n}\n`;
  const service = `    { "name": "service", "type": "NET_BASIC" }\n`;
  const usage = { status: 1, usage: true };
  return [
    { args: [], ...usage },
    { args: ["--help"], ...usage },
    { args: ["--version"], ...usage },
    { args: ["none"], ...usage },
    { args: ["query-abi"], ...usage },
    { args: ["query-abi", args, args], ...usage },
    { args: ["query-manifest"], ...usage },
    { args: ["gen-manifest", "-"], ...usage },
    { args: ["gen-manifest", "-", "-", "-"], ...usage },
    { args: ["query-abi", args], status: 0, prints: abi },
    { args: ["query-manifest", args], status: 0, prints: manifest("") },
    { args: ["query-manifest", net], status: 0, prints: manifest(service) },
    { args: ["query-abi", "/none"], status: 1, says: ["/none: Could not open: No such file or"] },
    { args: ["query-abi", "-"], status: 1, says: ["-: Could not open: No such file or directory"] },
    { args: ["query-abi", "--"], status: 1, says: ["--: Could not open: No such file or"] },
    { args: ["query-abi", "/bin/true"], status: 1, says: ["/bin/true: invalid executable: "] },
    { args: ["query-manifest", empty], status: 1, says: [`${empty}: invalid executable: `] },
    {
      args: ["gen-manifest", "/none", "-"],
      status: 1,
      says: ["/none: Could not open for reading: No such file or directory"],
    },
    {
      args: ["gen-manifest", `${directory}/manifest.json`, "/none/x.c"],
      status: 1,
      says: ["/none/x.c: Could not open for writing: No such file or directory"],
    },
    {
      args: ["gen-manifest", `${directory}/manifest.json`, "-"],
      status: 0,
      prints: `#include "mft_abi.h"`,
    },
    {
      args: ["gen-manifest", `${directory}/many.json`, "-"],
      status: 1,
      says: [`${directory}/many.json:`],
    },
  ];
}
