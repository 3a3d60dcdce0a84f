/**
 * The manual page, made from the table of sub-commands.
 *
 * @module
 */
import { entriesOf, type Entry, type Option, type Routes } from "./table.ts";

/**
 * Writes the manual page, in section 1.
 *
 * @param options `version`: the project's
 * @returns roff, for man(7)
 */
export function manualPage(routes: Routes, options: { version: string }): string {
  const entries = entriesOf(routes);
  return [
    `.\\" Made from the table of sub-commands by release/manual.ts: do not edit.`,
    `.TH SOLODEN 1 "" "soloden ${options.version}" "User Commands"`,
    // No justified lines and no hyphenation, so that a search finds options.
    ".ad l",
    ".nh",
    ".SH NAME",
    `soloden \\- ${escape(lowerFirst(routes.brief))}`,
    ".SH SYNOPSIS",
    ...entries.flatMap(({ path, usage }) => usage.flatMap((line) => synopsis(path, line))),
    ".SH DESCRIPTION",
    ...paragraphs(DESCRIPTION),
    ".SH COMMANDS",
    ...entries.flatMap(section),
    ".SH EXIT STATUS",
    ...paragraphs(EXIT_STATUS),
    ".SH ENVIRONMENT",
    ...list(ENVIRONMENT),
    ".SH FILES",
    ...list(FILES),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(example),
    ".SH SEE ALSO",
    escape(SEE_ALSO),
    "",
  ].join("\n");
}

const DESCRIPTION = [
  "Unikernels are programs that are linked with a small set of bindings instead of an operating " +
  "system. They run in one of two ways, which are called targets: as a process that seccomp " +
  "limits to a handful of system calls (spt), or as a virtual machine on KVM (hvt).",
  "The value of an option follows = or is the next word. Options of run, pack and snapshot stand before the " +
  "unikernel: the words after it are the unikernel's arguments, even if they look like options.",
  "If it is called by the name of one of Solo5's programs, soloden acts as that program; install makes the links.",
];

/** Notes on commands, besides their options. */
const NOTES: Readonly<Record<string, readonly string[]>> = {
  build: [
    "The output is NAME.hvt and NAME.spt, in the current directory unless NAME has one. A NAME that " +
    "ends in .hvt or .spt is for that target only. Sources may be C, C++ and assembly, and objects " +
    "and archives of any language.",
  ],
  run: [
    "On spt this process becomes the unikernel. On hvt it is the tender, which is confined before " +
    "the unikernel's first instruction. Options marked (hvt) or (spt) are for that target only.",
  ],
  pack: [
    "The executable needs neither soloden nor a library. It opens its devices when it starts; its arguments are those that it was packed with.",
  ],
  snapshot: [
    "It runs the unikernel until that calls soloden_ready(), and writes its memory as a unikernel, which starts from there: with arguments and devices of its own, and at least as much memory.",
  ],
  inspect: [
    "ADDRESS is hexadecimal, with or without 0x; any number of them may stand before FILE.",
  ],
  install: [
    "Below DIRECTORY it writes bin/solo5-elftool, bin/solo5-hvt, bin/solo5-hvt-debug, bin/solo5-spt, " +
    "bin/solo5-virtio-run, bin/solo5-virtio-mkimage and, for each architecture that there is a compiler for, bin/ARCHITECTURE-solo5-none-static-cc, -ld and " +
    "-objcopy with their headers and bindings. With DESTDIR in the environment the tree comes below " +
    "that directory. A file that soloden did not install is never overwritten without --force.",
  ],
  uninstall: ["Files that have changed since they were installed are kept, and named."],
};

const EXIT_STATUS = [
  "The status of run is the unikernel's: 255 if it aborts, 128 + N if signal N ends it, 124 if it " +
  "reaches a limit of time. The status of other commands is 0 if they succeed. After a mistake or a " +
  "failure the status is 1, and one line on standard error says why; that of doctor is 1 if it finds " +
  "a fault. The status of cc, ld and objcopy is the tool's.",
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["CC, LD, OBJCOPY", "The programs that build unikernels, instead of those that soloden finds."],
  [
    "TARGET_CC, TARGET_LD, TARGET_OBJCOPY",
    "The same for the architecture that is not this one: aarch64.",
  ],
  ["COLUMNS", "The width of help, instead of the terminal's."],
  ["DESTDIR", "The directory below which install and uninstall use the prefix."],
  ["NO_COLOR", "If it is set and not empty, nothing is coloured."],
  ["XDG_CACHE_HOME", "The directory of the cache; ~/.cache if it is not set."],
];

const FILES: readonly (readonly [string, string])[] = [
  ["manifest.json", "The devices of a unikernel. build looks for it beside the first source."],
  ["~/.cache/soloden", "The cache of what was built. It may be removed at any time."],
  ["PREFIX/lib/soloden/installed.json", "What install wrote, for uninstall."],
];

/** Tasks, and the commands for them. The tests execute each, in this order. */
const EXAMPLES: readonly (readonly [string, readonly string[]])[] = [
  ["Check what this host can do:", ["soloden doctor"]],
  [
    "Start a project, build it and run it:",
    ["soloden new hello", "cd hello", "soloden build hello.c", "soloden run hello.spt"],
  ],
  [
    "Build for one target only, with flags for the compiler:",
    ["soloden build -t spt -o small hello.c -- -Os -Wall"],
  ],
  [
    "Run it with 16 MiB of memory, for ten seconds at most, and pass it an argument:",
    ["soloden run --mem=16 --timeout=10 hello.spt world"],
  ],
  ["The same as a virtual machine, showing each hypercall:", [
    "soloden run --mem=16 --timeout=10 --trace hello.hvt world",
  ]],
  ["Make one executable of it:", ["soloden pack --mem=16 -o hello hello.spt world", "./hello"]],
  ["See what it is made of:", ["soloden inspect hello.spt"]],
  ["Name an address that a crash printed:", ["soloden inspect --symbols 0x100000 hello.hvt"]],
  [
    "Give a unikernel a disk (its manifest calls it storage):",
    ["truncate -s 1M disk.img", "soloden run --block:storage=disk.img disk.spt put colour red"],
  ],
  ["The same, dropping what it writes:", [
    "soloden run --block:storage=disk.img,overlay disk.spt put colour blue",
  ]],
  [
    "Give a unikernel a network (its manifest calls it service):",
    [
      "sudo ip tuntap add tap0 mode tap user $USER",
      "sudo ip link set tap0 up",
      "soloden run --timeout=2 --net:service=tap0 echo.spt 10.0.0.2/24",
    ],
  ],
  ["Compile a manifest by itself:", ["soloden manifest compile -o manifest.o manifest.json"]],
  [
    "Install the toolchain under Solo5's names, and build with it:",
    [
      "soloden install --prefix ~/solo5",
      "CC=~/solo5/bin/x86_64-solo5-none-static-cc",
      "$CC -z solo5-abi=spt hello.c manifest.o -o again.spt",
      "~/solo5/bin/solo5-spt again.spt",
      "soloden uninstall --prefix ~/solo5",
    ],
  ],
  ["Complete its words in bash:", ["source <(soloden completions bash)"]],
];

const SEE_ALSO = "gdb(1), ip-tuntap(8), seccomp(2); https://github.com/Solo5/solo5";

/** A line of usage. */
function synopsis(path: readonly string[], usage: string): string[] {
  const rest = usage.slice(path.join(" ").length).trim();
  return [`.B soloden ${path.join(" ")}`, ...(rest === "" ? [] : [escape(rest)]), ".br"];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [".PP", escape(text)]);
}

function list(items: readonly (readonly [string, string])[]): string[] {
  return items.flatMap(([name, text]) => [".TP", `.B ${escape(name)}`, escape(text)]);
}

function example([what, commands]: (typeof EXAMPLES)[number]): string[] {
  return [
    ".PP",
    escape(what),
    ".PP",
    ".RS 4",
    ".nf",
    ...commands.map((command) => escape(`$ ${command}`)),
    ".fi",
    ".RE",
  ];
}

function section({ path, brief, usage, options, argument, argumentBrief }: Entry): string[] {
  const name = path.join(" ");
  return [
    `.SS ${name}`,
    `${escape(brief)}.`,
    ".PP",
    ...usage.flatMap((line) => synopsis(path, line)),
    ...paragraphs(NOTES[name] ?? []),
    ...options.flatMap(describe),
    ...(argument === undefined ? [] : list([[argument, argumentBrief ?? ""]])),
  ];
}

function describe({ form, short, brief }: Option): string[] {
  return list([[short === undefined ? form : `-${short}, ${form}`, brief]]);
}

/** Text for roff: dashes stay dashes, and no line looks like a request. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
