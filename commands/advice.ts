/**
 * The way out of a mistake in what `run` and `pack` were given. The tender says what is wrong, in the
 * words that Solo5's tenders have for it; what to type instead is for the command to know.
 *
 * @module
 */
import { shellWord } from "../bindings/shell_word.ts";
import { readInput } from "../linux/files.ts";
import { inspect } from "../elftool/inspect.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { type GuestRequest, parseArguments } from "./guest_words.ts";

/** What to do, by what was found in a line; nothing where there is nothing to say. */
type Way = (found: readonly string[], request: GuestRequest) => string | undefined;

const WAYS: readonly (readonly [line: RegExp, way: Way])[] = [
  [/^Device '(.*)' of type (NET|BLOCK)_BASIC declared but not attached\.$/, attach],
  [/^Resource not declared in manifest: '(.*)' as \w+; it is (NET|BLOCK)_BASIC$/, optionOf],
  [/^Resource not declared in manifest: /, listDevices],
  [/^Could not attach interface: ([^@].{0,14}): No such file or directory$/, makeInterface],
  [/^Could not attach interface: (.*): Network is down$/, ([tap]) => setUp(tap!)],
  [
    /^Could not attach interface: (.*): Invalid argument$/,
    ([name]) => `${name} is no TAP interface`,
  ],
  [/^Could not attach interface: .*: Device or resource busy$/, () => "another guest has it"],
  [/^Could not attach interface: .*: Operation not permitted$/, () => "it is another user's"],
  [/\/dev\/net\/tun: /, () => "soloden doctor tells what mends it"],
  [/^Could not open block device: (.*): No such file or directory$/, makeStorage],
  [/^(.*): Backing storage size must be block aligned \((\d+) bytes\)$/, padStorage],
  [/^(.*): Backing storage must be at least 1 block /, growStorage],
  [/: only spt unikernels can be packed/, () => "soloden build -t spt makes one"],
  [/^Memory size \d+ is out of range: (\d+) to (\d+) bytes$/, memoryRange],
  [/^(.*): (?:No such file or directory|Is a directory)$/, findUnikernel],
  [/^(.*): (?:ELF header|program header|no ABI1 note)/, makeUnikernel],
];

const MIB = 0x10_0000;
const SOURCE = /\.(c|cc|cpp|cxx|S|s|rs|zig)$/;
const UNIKERNEL = /\.(spt|hvt)$/;

/**
 * Makes what finds the way out for a line of an error.
 *
 * @param words the words after `run` or `pack`
 */
export function adviser(words: readonly string[]): (line: string) => string | undefined {
  return (line) => {
    try {
      const request = parseArguments(words);
      if (request === undefined) return undefined;
      for (const [pattern, way] of WAYS) {
        const found = pattern.exec(line);
        if (found !== null) return way(found.slice(1), request);
      }
    } catch {
      // The words are wrong in themselves, or the file has gone: what is wrong has been said.
    }
  };
}

/** What stands behind the unikernel is the guest's; an option for the device was not meant for it. */
function attach(found: readonly string[], { file, args }: GuestRequest): string {
  const option = `--${found[1]!.toLowerCase()}:${found[0]}`;
  const misplaced = args.find((word) => word === option || word.startsWith(`${option}=`));
  return misplaced === undefined
    ? `give it ${optionOf(found)} before ${file}`
    : `${misplaced} has to stand before ${file}`;
}

function optionOf([name, type]: readonly string[]): string {
  return type === "NET" ? `--net:${name}=INTERFACE` : `--block:${name}=FILE`;
}

function listDevices(_: readonly string[], { file }: GuestRequest): string {
  const { devices } = parseUnikernel(readInput(file), { name: file }).manifest;
  const names = devices.map(({ name, type }) => `'${name}' (${type})`);
  return names.length === 0 ? "it declares no devices" : `it declares ${names.join(", ")}`;
}

function makeInterface([name]: readonly string[]): string {
  return `sudo ip tuntap add ${shellWord(name!)} mode tap user $USER && ${setUp(name!)}`;
}

function setUp(tap: string): string {
  return `sudo ip link set ${shellWord(tap)} up`;
}

function makeStorage([path]: readonly string[]): string {
  const comma = path!.lastIndexOf(",");
  if (comma > 0 && isFile(path!.slice(0, comma))) {
    return "what may follow a file is ,ro or ,overlay";
  }
  return `truncate -s 1M ${shellWord(path!)} makes an empty one`;
}

function padStorage([path, blockSize]: readonly string[]): string {
  return `truncate -s %${blockSize} ${shellWord(path!)} fills it up`;
}

/** An empty file has whole blocks, none, and filling up leaves it so. */
function growStorage([path]: readonly string[]): string {
  return `truncate -s 1M ${shellWord(path!)} makes it larger`;
}

function memoryRange([least, most]: readonly string[]): string {
  return `--mem takes ${Math.ceil(Number(least) / MIB)} to ${Math.floor(Number(most) / MIB)}`;
}

/** For a path that leads to no file: unikernels beside or in it, else how to make one. */
function findUnikernel([path]: readonly string[], { file }: GuestRequest): string | undefined {
  if (path !== file) return undefined;
  const inside = namesIn(file).map((name) => `${file}/${name}`);
  // Those that run everywhere first.
  const [found] = [`${file}.spt`, `${file}.hvt`]
    .flatMap((beside) => [beside, ...inside.filter((path) => path.endsWith(beside.slice(-4)))])
    .filter(isFile);
  if (found !== undefined) return `did you mean ${found}?`;
  const source = sourceOf(file.replace(UNIKERNEL, "")) ?? inside.find((path) => SOURCE.test(path));
  return source === undefined ? undefined : buildIt(source);
}

function makeUnikernel([path]: readonly string[], { file }: GuestRequest): string | undefined {
  if (path !== file) return undefined;
  if (SOURCE.test(file)) return buildIt(file);
  return isPacked(file) ? "it is packed, and starts by itself" : "soloden build makes unikernels";
}

/** What makes a unikernel of a source, or where that is written. */
function buildIt(source: string): string {
  if (/\.(rs|zig)$/.test(source)) return "it has to be built first; see its README.md";
  // Unikernels go into the current directory unless told otherwise.
  const output = source.includes("/") ? `-o ${shellWord(source.replace(SOURCE, ""))} ` : "";
  return `build it first: soloden build ${output}${shellWord(source)}`;
}

/** A source whose unikernel a path without its ending would be. */
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
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Names in a directory, in order; none where there is no such directory. */
function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}
