/**
 * Makes a portable unikernel of a static Linux program: bytes to bytes. The program's system calls become
 * calls of the personality, which is put above it, with all that it has to know.
 *
 * @module
 */
import { ELF_TYPES, ProgramHeader, SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignDown, alignUp, viewOf } from "../abi/layout.ts";
import type { DeviceType, Manifest } from "../abi/manifest.ts";
import {
  PERSONALITY_PROGRAM_SIZE,
  PERSONALITY_STRACE,
  PersonalityProgram,
  PersonalitySegment,
} from "../abi/personality.ts";
import {
  Application,
  PORTABLE_NOTE_NAME,
  PORTABLE_NOTE_SIZE,
  PORTABLE_NOTE_TYPE,
  PORTABLE_VERSION,
  WINDOW,
} from "../abi/portable.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { adoptedNote, type Content } from "./adopted.ts";
import { checkAdoptable } from "./adoptable.ts";
import { withSymbols } from "./adopted_symbols.ts";
import { type Program, readElf } from "./elf_reader.ts";
import { type ExecutableSegment, writeExecutable } from "./elf_writer.ts";
import { ElfError } from "./error.ts";
import { type LoadedProgram, readLoaded } from "./loaded.ts";
import { manifestNote } from "./manifest_object.ts";
import { MemoryImage } from "./memory_image.ts";
import { encodeNote } from "./notes.ts";
import type { PersonalityImage } from "./personality_image.ts";
import { putRoot, type RootFile } from "./root_image.ts";
import { rewriteSystemCalls, type Rewriting } from "./x86_64/rewrite.ts";
import { survey } from "./x86_64/survey.ts";

/** How a program becomes a unikernel. */
export interface AdoptOptions {
  /** The program's name: for messages, and its file name is `argv[0]`. */
  readonly name: string;
  /** Its root file system. Default: an empty one. */
  readonly root?: readonly RootFile[];
  /** Where that came from, for messages. */
  readonly rootName?: string;
  /** Its environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The unikernel's devices; each is `/dev/NAME`. Default: none. */
  readonly manifest?: Manifest;
  /** Whether the unikernel prints every system call to its console. */
  readonly strace?: boolean;
  /** Whether to leave out the program's symbols and its debugging information. */
  readonly strip?: boolean;
  /** Bytes of memory to keep for files that are added later. Default: 0, none can be added. */
  readonly room?: number;
  /** The works of others that the program contains, for `inspect`. */
  readonly contains?: readonly Content[];
}

/**
 * Makes a portable unikernel of a program.
 *
 * @param bytes a static ELF program for x86_64, position-independent or not
 * @returns the unikernel's file
 * @throws {ElfError} "program" if it cannot be one, and what would work; "root" if the root file system
 * cannot be; others if the file is damaged
 */
export function adoptProgram(
  bytes: Uint8Array,
  personality: PersonalityImage,
  options: AdoptOptions,
): Uint8Array<ArrayBuffer> {
  const { name, manifest = { devices: [] } } = options;
  const program = readLoaded(readElf(bytes, { name }));
  checkAdoptable(program);
  const placed = place(program);
  const base = alignUp(placed.end, PAGE_SIZE);
  const data = new MemoryImage(alignUp(base + personality.size, PAGE_SIZE));
  const note = manifestNote(manifest);
  const manifestAddress = data.put(encodeNote(note), NOTE_ALIGN);
  const described = describe(program, { placed, data, options, manifest });
  const trampolines = alignUp(data.end, PAGE_SIZE);
  const rewriting = rewrite(program, {
    trampolines: trampolines - placed.bias,
    personality: base + personality.entry - placed.bias,
  });
  const last = alignUp(trampolines + rewriting.trampolines.length + 1, PAGE_SIZE);
  const room = options.room && { address: last, size: alignUp(options.room, PAGE_SIZE) };
  const told = encodeProgram({ ...described, room: room ? room.address : 0 }, placed);
  const segments = [
    ...placed.segments.map((segment) => patched(segment, rewriting, placed.bias)),
    ...personality.segments.map((segment) => above(segment, { base, personality, told })),
    readable(data.address, data.bytes()),
    { ...readable(trampolines, ending(rewriting.trampolines)), execute: true },
  ];
  const end = room ? last + room.size : last;
  const application = {
    main: base + personality.main,
    manifest: manifestAddress,
    end,
    tlsAlign: 8,
  };
  const sites = rewriting.sites.map((site) => ({ ...site, address: site.address + placed.bias }));
  const file = writeExecutable({
    architecture: "x86_64",
    entry: base + personality.main,
    segments,
    notes: [
      note,
      portableNote(application),
      adoptedNote({ sites, ...(room && { room }), contains: options.contains }),
    ],
    stack: "non-executable",
    inOnePiece: last - placed.segments[0]!.address - sizeOf(segments) < MOST_ZEROS,
  });
  if (options.strip) return file;
  const added = [
    { name: "soloden_personality", address: base },
    { name: "soloden_trampolines", address: trampolines },
  ];
  return withSymbols(file, program.elf, { bias: placed.bias, added });
}

/** Boot loaders, which virtio needs, want a file in one piece. More zeros than these are left out, in bytes. */
const MOST_ZEROS = 2 ** 20;

/** The content of segments, in bytes. */
function sizeOf(segments: readonly ExecutableSegment[]): number {
  return segments.reduce((sum, { data }) => sum + data.length, 0);
}

/** Alignment of notes in memory, in bytes. */
const NOTE_ALIGN = 4;

/** Where a program's segments lie in the unikernel. */
interface Placed {
  /** What is added to the file's addresses. */
  readonly bias: number;
  /** Ascending by address. */
  readonly segments: readonly ExecutableSegment[];
  readonly end: number;
}

/** A program lies where it was linked, and a position-independent one above the window. */
function place({ elf: { header, bytes }, programs }: LoadedProgram): Placed {
  const loads = programs.filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0);
  const align = Math.max(...loads.map(({ align }) => align), PAGE_SIZE);
  const bias = header.type === ELF_TYPES.DYN ? alignUp(WINDOW.end, align) : 0;
  const segments = loads.map(({ vaddr, offset, filesz, memsz, flags }) => ({
    address: vaddr + bias,
    data: bytes.subarray(offset, offset + filesz),
    memorySize: memsz,
    read: true,
    write: (flags & SEGMENT_FLAGS.WRITE) !== 0,
    execute: (flags & SEGMENT_FLAGS.EXECUTE) !== 0,
  })).sort((a, b) => a.address - b.address);
  const { address, memorySize } = segments.at(-1)!;
  return { bias, segments, end: address + memorySize };
}

function rewrite(
  program: LoadedProgram,
  options: { trampolines: number; personality: number },
): Rewriting {
  try {
    return rewriteSystemCalls(survey(program), options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const rule = "is larger, with its root, than jumps reach: give it the files as a block device";
    throw new ElfError("program", `${program.elf.name}: ${rule}`);
  }
}

/** A program's segment, with what replaces its system calls. */
function patched(
  segment: ExecutableSegment,
  { patches }: Rewriting,
  bias: number,
): ExecutableSegment {
  if (!segment.execute) return segment;
  const data = segment.data.slice();
  for (const { address, bytes } of patches) {
    const at = address + bias - segment.address;
    if (at >= 0 && at < data.length) data.set(bytes, at);
  }
  return { ...segment, data };
}

/** A segment of the personality, at its place, with what it is told. */
function above(
  segment: ExecutableSegment,
  { base, personality, told }: {
    base: number;
    personality: PersonalityImage;
    told: Uint8Array;
  },
): ExecutableSegment {
  const at = personality.program - segment.address;
  const moved = { ...segment, address: base + segment.address };
  if (at < 0 || at + told.length > segment.data.length) return moved;
  const data = segment.data.slice();
  data.set(told, at);
  return { ...moved, data };
}

function readable(address: number, data: Uint8Array): ExecutableSegment {
  return { address, data, memorySize: data.length, read: true, write: false, execute: false };
}

/** Even without a trampoline the segment has content, so that the stack above it has its guard. */
function ending(trampolines: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(trampolines.length + 1).fill(INT3);
  bytes.set(trampolines);
  return bytes;
}

const INT3 = 0xcc;

/** What the personality is told of the program, but for its segments and its room. */
function describe(
  program: LoadedProgram,
  { placed, data, options, manifest }: {
    placed: Placed;
    data: MemoryImage;
    options: AdoptOptions;
    manifest: Manifest;
  },
) {
  const { environment = {}, root = [], rootName = "root", strace = false, name } = options;
  const variables = strings(Object.entries(environment).map(([key, value]) => `${key}=${value}`));
  const named = (wanted: DeviceType) =>
    strings(manifest.devices.filter(({ type }) => type === wanted).map(({ name }) => name));
  const [blocks, channels] = [named("BLOCK_BASIC"), named("NET_BASIC")];
  const files = putRoot(data, root, { name: rootName });
  return {
    entry: program.elf.header.entry + placed.bias,
    headers: headersOf(program, { placed, data }),
    headerCount: program.programs.length,
    path: data.text(`/${name.slice(name.lastIndexOf("/") + 1) || "program"}`),
    environment: data.put(variables, 1),
    environmentSize: variables.length,
    root: files.address,
    rootCount: files.count,
    blocks: data.put(blocks, 1),
    blocksSize: blocks.length,
    channels: data.put(channels, 1),
    channelsSize: channels.length,
    flags: strace ? PERSONALITY_STRACE : 0,
  };
}

function encodeProgram(
  fields: Parameters<typeof PersonalityProgram.write>[2],
  placed: Placed,
): Uint8Array {
  const told = new Uint8Array(PERSONALITY_PROGRAM_SIZE);
  const view = viewOf(told);
  PersonalityProgram.write(view, 0, fields);
  placed.segments.forEach(({ address, memorySize, write, execute }, index) => {
    const flags = SEGMENT_FLAGS.READ | (write ? SEGMENT_FLAGS.WRITE : 0) |
      (execute ? SEGMENT_FLAGS.EXECUTE : 0);
    const at = PersonalityProgram.size + index * PersonalitySegment.size;
    const range = {
      start: alignDown(address, PAGE_SIZE),
      end: alignUp(address + memorySize, PAGE_SIZE),
    };
    PersonalitySegment.write(view, at, { ...range, flags });
  });
  return told;
}

/** Texts one after the other, each with its NUL. */
function strings(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.map((text) => `${text}\0`).join(""));
}

/** Where the program headers are in memory: in a segment, as linkers arrange it, or in a copy. */
function headersOf(
  { elf: { header, bytes }, programs }: LoadedProgram,
  { placed, data }: { placed: Placed; data: MemoryImage },
): number {
  const size = programs.length * ProgramHeader.size;
  const inside = ({ type, offset, filesz }: Program) =>
    type === SEGMENT_TYPES.LOAD && header.phoff >= offset &&
    header.phoff + size <= offset + filesz;
  const load = programs.find(inside);
  if (load !== undefined) return load.vaddr + placed.bias + header.phoff - load.offset;
  return data.put(bytes.subarray(header.phoff, header.phoff + size), 8);
}

function portableNote(application: Parameters<typeof Application.write>[2]) {
  const desc = new Uint8Array(PORTABLE_NOTE_SIZE);
  viewOf(desc).setUint32(0, PORTABLE_VERSION, true);
  Application.write(viewOf(desc), 4, application);
  return { name: PORTABLE_NOTE_NAME, type: PORTABLE_NOTE_TYPE, desc };
}
