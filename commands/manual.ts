/**
 * The manual page, made of the table of sub-commands.
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
    `.\\" Made of the table of sub-commands by tools/manual.ts: do not edit.`,
    `.TH SOLODEN 1 "" "soloden ${options.version}" "User Commands"`,
    // Neither stretched lines nor hyphens: options are to be found by searching.
    ".ad l",
    ".nh",
    ".SH NAME",
    `soloden \\- ${escape(lowerFirst(routes.brief))}`,
    ".SH SYNOPSIS",
    ...entries.flatMap(({ usage }) => usage.slice(0, 1).flatMap(synopsis)),
    ".SH DESCRIPTION",
    ...DESCRIPTION.map(escape),
    ".SH COMMANDS",
    ...entries.flatMap(section),
    ".SH EXIT STATUS",
    ...EXIT_STATUS.map(escape),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, text]) => [".TP", `.B ${name}`, escape(text)]),
    "",
  ].join("\n");
}

const DESCRIPTION = [
  "Unikernels are programs that are linked with a small set of bindings instead of an operating",
  "system. They run here in one of two ways: as a process that seccomp holds to a handful of system",
  "calls (the target spt), or as a virtual machine on KVM (the target hvt).",
];

const EXIT_STATUS = [
  "Of run, that of the unikernel: 255 if it aborts, 128 + N if signal N ends it. Else 0, and 1 after a",
  "mistake or a failure, which gets one line on standard error.",
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  [
    "CC, LD, OBJCOPY",
    "The programs that unikernels are built with, where not those that are found.",
  ],
  ["NO_COLOR", "If it is set, nothing has colours; without a terminal nothing has them anyhow."],
  ["XDG_CACHE_HOME", "Where what need not be built again is kept; ~/.cache if not set."],
];

function synopsis(usage: string): string[] {
  const [, words, rest] = /^([a-z]+(?: [a-z]+)*?)(?: (?=[^a-z])(.*))?$/.exec(usage) ?? [, usage];
  return [`.B soloden ${words}`, ...(rest === undefined ? [] : [escape(rest)]), ".br"];
}

function section({ path, brief, usage, options }: Entry): string[] {
  return [
    `.SS ${path.join(" ")}`,
    `${escape(brief)}.`,
    ...usage.slice(0, 1).flatMap((line) => [".PP", `.B soloden`, escape(line)]),
    ...options.flatMap(describe),
  ];
}

function describe({ form, short, brief }: Option): string[] {
  const forms = short === undefined ? form : `-${short}, ${form}`;
  return [".TP", `.B ${escape(forms)}`, escape(brief)];
}

/** Text as roff wants it: dashes that stay dashes, no line that looks like a request. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&")
    .replaceAll("…", "...");
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
