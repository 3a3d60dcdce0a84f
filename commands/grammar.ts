/**
 * The options of `run`, `pack` and `snapshot`: the table from which their parser, help, completions and the
 * manual page are made. The options about devices come from the device kinds.
 *
 * @module
 */
import type { DeviceType } from "../abi/manifest.ts";
import type { DeviceOption } from "../tender/devices/kind.ts";
import type { Asked } from "../tender/target.ts";
import { DEVICE_OPTIONS } from "./device_options.fixed.ts";
import { RUNNABLE } from "./targets.fixed.ts";

/** The field of a `GuestRequest` that an option sets, or of what it asks for. */
export type Part =
  | "memorySize"
  | "devices"
  | "script"
  | "target"
  | "verbose"
  | "restore"
  | "output"
  | keyof Asked;

/** What shells propose for a value: what device options propose, directories, or files whose names match. */
export type Proposed = DeviceOption["proposed"] | "directory" | RegExp;

/** An option of `run`, `pack` or `snapshot`. */
export interface GuestOption {
  /** Without its dashes. */
  readonly name: string;
  /** How it is written: `--mem=MiB`, `--trace[=FILE]`, `--net:NAME=IFACE or @FD`, `--stats`. */
  readonly form: string;
  /** What it is for, in a line. */
  readonly brief: string;
  readonly part: Part;
  /** The type of the devices that NAME can stand for, in an option about one device. */
  readonly device?: DeviceType;
  /** One letter, where there is a short form. */
  readonly short?: string;
  /** The value is a path, so the parser refuses an empty one. Other values are checked where they are read. */
  readonly isPath?: true;
  /** What shells propose for the value; files if not given. */
  readonly proposed?: Proposed;
}

/** Options that show something of a run. Help lists those of the device kinds between these and the next. */
const TRACE: readonly GuestOption[] = [
  {
    name: "trace",
    form: "--trace[=FILE]",
    brief: "print each hypercall to FILE, or to standard error (hvt)",
    part: "observe",
  },
  {
    name: "trace-format",
    form: "--trace-format=json|text",
    brief: "form of the trace: a JSON object a line, or text (default text; hvt)",
    part: "observe",
  },
];

const STATS_AND_DEBUGGING: readonly GuestOption[] = [
  {
    name: "stats",
    form: "--stats",
    brief: "print at the end what the guest did, and where the time went (hvt)",
    part: "observe",
  },
  {
    name: "record",
    form: "--record=FILE",
    isPath: true,
    brief: "record the run into FILE, for soloden replay (hvt, spt)",
    part: "observe",
  },
  {
    name: "inject",
    form: "--inject=FAULT:CHANCE,…",
    brief: "put faults into the run, as net-drop:0.1,seed=7 (hvt)",
    part: "observe",
    proposed: "nothing",
  },
  {
    name: "suspend",
    form: "--suspend=FILE",
    isPath: true,
    brief: "at the signal USR2, write the run into FILE, for --restore, and end (hvt)",
    part: "observe",
  },
  {
    name: "gdb",
    form: "--gdb[=[ADDRESS:]PORT]",
    brief: "wait for gdb (hvt; default 127.0.0.1:1234), or start gdb (spt)",
    part: "observe",
  },
  {
    name: "dumpcore",
    form: "--dumpcore=DIR",
    isPath: true,
    brief: "write a core file into DIR if the guest crashes (hvt)",
    part: "observe",
  },
];

const LIMITS: readonly GuestOption[] = [
  {
    name: "timeout",
    form: "--timeout=SECONDS",
    brief: "stop the guest after this time, with status 124",
    part: "limits",
  },
  {
    name: "cpu-time",
    form: "--cpu-time=SECONDS",
    brief: "stop it after this much processor time, with status 124",
    part: "limits",
  },
  {
    name: "console-rate",
    form: "--console-rate=BYTES",
    brief: "stop it if it prints more than this in one second",
    part: "limits",
  },
];

const MEMORY: GuestOption = {
  name: "mem",
  form: "--mem=MiB",
  brief: "memory of the guest (default 512)",
  part: "memorySize",
  proposed: ["32", "64", "128", "256", "512", "1024"],
};

const TARGET: GuestOption = {
  name: "target",
  short: "t",
  form: `--target=${RUNNABLE.join("|")}`,
  brief: "target of a portable unikernel (default: hvt where KVM has hardware for it, else spt)",
  part: "target",
  proposed: RUNNABLE,
};

const VERBOSE: GuestOption = {
  name: "verbose",
  short: "v",
  form: "--verbose",
  brief: "say which target the unikernel runs on",
  part: "verbose",
};

const RESTORE: GuestOption = {
  name: "restore",
  form: "--restore",
  brief: "go on with a run that --suspend has written: its file is in the place of the unikernel",
  part: "restore",
};

const MACHINE: readonly GuestOption[] = [
  {
    name: "cpu",
    form: "--cpu=host|baseline",
    brief:
      "CPU that the guest sees: this host's, or one that many hosts have (default host; hvt, virtio on kvm)",
    part: "machine",
    proposed: ["host", "baseline"],
  },
  {
    name: "no-net-ring",
    form: "--no-net-ring",
    brief: "do not offer the guest a ring for its network frames (hvt)",
    part: "machine",
  },
  {
    name: "emulator",
    form: "--emulator=kvm|qemu",
    brief:
      "who runs the guest: soloden on KVM, or QEMU (default kvm where it has hardware; virtio)",
    part: "machine",
    proposed: ["kvm", "qemu"],
  },
];

const NO_CONFINE: GuestOption = {
  name: "no-confine",
  form: "--no-confine",
  brief: "do not confine the tender while the guest runs (hvt, virtio on kvm)",
  part: "confinement",
};

/** Options about scripts, which run in images of their languages. */
const SCRIPT: readonly GuestOption[] = [
  {
    name: "packages",
    form: "--packages=DIR",
    isPath: true,
    brief: "packages that a script can import; Python's without compiled extensions",
    part: "script",
    proposed: "directory",
  },
  {
    name: "images",
    form: "--images=DIR",
    isPath: true,
    brief: "where the images of Python and JavaScript are (default: beside soloden)",
    part: "script",
    proposed: "directory",
  },
];

/** The options of `run`, in the order in which help lists them. */
export const RUN_OPTIONS: readonly GuestOption[] = [
  TARGET,
  MEMORY,
  ...deviceOptions({ observing: false }),
  ...TRACE,
  ...deviceOptions({ observing: true }),
  ...STATS_AND_DEBUGGING,
  ...LIMITS,
  ...SCRIPT,
  RESTORE,
  ...MACHINE,
  NO_CONFINE,
  VERBOSE,
];

/** `-o`, which `pack` requires. */
export const OUTPUT: GuestOption = {
  name: "output",
  short: "o",
  form: "--output FILE",
  isPath: true,
  brief: "the executable to write",
  part: "output",
};

/** The options of `pack`, except {@linkcode OUTPUT}. */
export const PACK_OPTIONS: readonly GuestOption[] = [
  MEMORY,
  ...deviceOptions({ observing: false, packed: true }),
  ...SCRIPT,
];

/** `-o` of `snapshot`, which requires it. */
export const SNAPSHOT_OUTPUT: GuestOption = { ...OUTPUT, brief: "the unikernel to write" };

/** What `snapshot` does not take of `run`. */
const RUN_ALONE: readonly Part[] = ["observe", "confinement", "script", "restore"];

/** The options of `snapshot`, except {@linkcode SNAPSHOT_OUTPUT}. */
export const SNAPSHOT_OPTIONS: readonly GuestOption[] = RUN_OPTIONS.filter(({ part }) =>
  !RUN_ALONE.includes(part)
);

function deviceOptions(
  { observing, packed = false }: { observing: boolean; packed?: boolean },
): GuestOption[] {
  return DEVICE_OPTIONS.flatMap(({ type, options }) =>
    options.filter(({ observes = false }) => observes === observing).map((option): GuestOption => {
      const { value, brief } = packed ? option.packed ?? option : option;
      return {
        name: option.name,
        form: `--${option.name}:NAME=${value}`,
        brief,
        part: observing ? "observe" : "devices",
        device: type,
        proposed: option.proposed,
      };
    })
  );
}
