/**
 * Advice about mistakes in what `run` and `pack` were given: what to type instead. The tender says what
 * is wrong, in words and as data.
 *
 * @module
 */
import { DEVICE_OPTIONS } from "./device_options.fixed.ts";
import { shellWord } from "../bindings/shell_word.ts";
import type { DeviceDeclaration } from "../abi/manifest.ts";
import type { ElfError } from "../elftool/error.ts";
import { inspect } from "../elftool/inspect.ts";
import { readInput } from "../linux/files.ts";
import { ERRNO } from "../linux/libc.ts";
import type { TenderError, TenderProblem } from "../tender/error.ts";
import { type GuestRequest, parseArguments } from "./guest_words.ts";
import { entriesIn, lookAt } from "./look.ts";
import { RUN_NAME } from "./unikernel_names.ts";

const MIB = 0x10_0000;
const SOURCE = /\.(c|cc|cpp|cxx|S|s|rs|zig)$/;

/**
 * Finds advice about an error.
 *
 * @param words those after `run` or `pack`
 * @returns what to add to each of the error's last lines; undefined where there is nothing to say
 */
export function advise(error: unknown, words: readonly string[]): readonly (string | undefined)[] {
  const request = requestOf(words);
  if (request === undefined) return [];
  if (isNamed(error, "TenderError")) {
    return (error as TenderError).problems.map((problem) => remedy(problem, request));
  }
  return isNamed(error, "ElfError") ? [otherFile(error as ElfError, request)] : [];
}

/** Undefined if the command line itself is wrong: that has been reported. */
function requestOf(words: readonly string[]): GuestRequest | undefined {
  try {
    return parseArguments(words);
  } catch {
    return undefined;
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function remedy(problem: TenderProblem, request: GuestRequest): string | undefined {
  switch (problem.kind) {
    case "not-attached":
      return attach(problem.device, request);
    case "not-declared":
      return useDeclared(problem);
    case "interface":
      return fixInterface(problem);
    case "no-storage":
      return makeStorage(problem.path);
    case "storage-size":
      return resizeStorage(problem);
    case "memory-size":
      return `--mem takes ${Math.ceil(problem.least / MIB)} to ${Math.floor(problem.most / MIB)}`;
    case "too-little-memory":
      return `give it --mem=${Math.ceil(problem.least / MIB)} or more`;
    case "not-packable":
      return "soloden build -t spt makes one";
  }
}

/** An option after the unikernel is an argument of the guest. If it attaches the device, it was misplaced. */
function attach(device: DeviceDeclaration, { file, args }: GuestRequest): string {
  const option = optionFor(device);
  const [before] = option.split("=");
  const misplaced = args.find((word) => word === before || word.startsWith(`${before}=`));
  return misplaced === undefined
    ? `give it ${option} before ${file}`
    : `${misplaced} has to stand before ${file}`;
}

/** The option that attaches a device, in its plainest form. */
function optionFor({ name, type }: DeviceDeclaration): string {
  const { options: [option], plainValue } = DEVICE_OPTIONS.find((kind) => kind.type === type)!;
  return `--${option.name}:${name}=${plainValue}`;
}

function useDeclared({ name, declared }: Extract<TenderProblem, { kind: "not-declared" }>): string {
  const meant = declared.find((device) => device.name === name);
  if (meant !== undefined) return optionFor(meant);
  const names = declared.map(({ name, type }) => `'${name}' (${type})`);
  return names.length === 0 ? "it declares no devices" : `it declares ${names.join(", ")}`;
}

function fixInterface(
  { interface: name, call, errno }: Extract<TenderProblem, { kind: "interface" }>,
): string | undefined {
  if (call === "open") return "soloden doctor says how to fix it";
  switch (errno) {
    case ERRNO.ENOENT:
      return `sudo ip tuntap add ${shellWord(name)} mode tap user $USER && ${setUp(name)}`;
    case ERRNO.ENETDOWN:
      return setUp(name);
    case ERRNO.EINVAL:
      return `${name} is not a TAP interface`;
    case ERRNO.EBUSY:
      return "another guest uses it";
    case ERRNO.EPERM:
      return "it belongs to another user";
  }
}

function setUp(tap: string): string {
  return `sudo ip link set ${shellWord(tap)} up`;
}

function makeStorage(path: string): string {
  const comma = path.lastIndexOf(",");
  if (comma > 0 && isFile(path.slice(0, comma))) {
    return "only ,ro, ,overlay or ,input may follow the path";
  }
  return `truncate -s 1M ${shellWord(path)} makes an empty one`;
}

/** An empty file is a whole number of blocks already: filling it up would leave it empty. */
function resizeStorage(
  { path, size, blockSize }: Extract<TenderProblem, { kind: "storage-size" }>,
): string {
  return size % blockSize === 0
    ? `truncate -s 1M ${shellWord(path)} makes it larger`
    : `truncate -s %${blockSize} ${shellWord(path)} fills it up`;
}

/** What to do about a file that is no unikernel, or does not exist. */
function otherFile({ code, failure }: ElfError, request: GuestRequest): string | undefined {
  switch (code) {
    case "elf-header":
    case "elf-note":
    case "elf-segment":
    case "no-abi":
      return makeUnikernel(request);
    case "file": {
      const missing = failure?.reason === "ENOENT" || failure?.reason === "EISDIR";
      return missing && failure.path === request.file ? findUnikernel(request) : undefined;
    }
  }
}

/** For a path without a file: a unikernel beside it, or in it if it is a directory, else how to make one. */
function findUnikernel({ file }: GuestRequest): string | undefined {
  const inside = namesIn(file).map((name) => `${file}/${name}`);
  // Unikernels of spt come first: they run everywhere.
  const [found] = [`${file}.spt`, `${file}.hvt`]
    .flatMap((beside) => [beside, ...inside.filter((path) => path.endsWith(beside.slice(-4)))])
    .filter(isFile);
  if (found !== undefined) return `did you mean ${found}?`;
  const source = sourceOf(file.replace(RUN_NAME, "")) ??
    inside.find((path) => SOURCE.test(path));
  return source === undefined ? undefined : buildIt(source);
}

function makeUnikernel({ file }: GuestRequest): string {
  if (SOURCE.test(file)) return buildIt(file);
  return isPacked(file) ? "it is packed: run the file itself" : "soloden build makes unikernels";
}

/** The command that builds a source, or where to read about it. */
function buildIt(source: string): string {
  if (/\.(rs|zig)$/.test(source)) return "build it first, as its README.md says";
  // Without -o, unikernels go into the current directory.
  const output = source.includes("/") ? `-o ${shellWord(source.replace(SOURCE, ""))} ` : "";
  return `build it first: soloden build ${output}${shellWord(source)}`;
}

/** The source from which a unikernel would be built, by the path of the unikernel without its extension. */
function sourceOf(stem: string): string | undefined {
  const slash = stem.lastIndexOf("/") + 1;
  const name = namesIn(stem.slice(0, slash) || ".")
    .find((name) => SOURCE.test(name) && name.replace(SOURCE, "") === stem.slice(slash));
  return name && `${stem.slice(0, slash)}${name}`;
}

function isPacked(file: string): boolean {
  try {
    return inspect(readInput(file), { name: file }).kind === "packed";
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  return lookAt(path)?.isFile === true;
}

/** Names in a directory, sorted; none if the directory cannot be read. */
function namesIn(directory: string): string[] {
  return entriesIn(directory).map(({ name }) => name);
}
