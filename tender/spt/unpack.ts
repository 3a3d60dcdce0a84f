/**
 * Reading packed files: the guest that one was made of, from its note and its guest memory, and its
 * launch page with the seccomp filter. None of it is trusted: `verify.ts` compiles the guest again,
 * which has to give the same file.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../abi/manifest.ts";
import type { PackNote } from "../../abi/pack.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, BootInfo, MEMORY_START } from "../../abi/spt.ts";
import { type ElfFile, type Program, programData, readPrograms } from "../../elftool/elf_reader.ts";
import { makeUnikernel, type Segment } from "../../elftool/unikernel.ts";
import { SECCOMP_SET_MODE_FILTER } from "../../linux/constants.ts";
import { type LinuxAbi, SockFilter } from "../../linux/syscalls.ts";
import type { Device } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import { bind, type Guest } from "../guest.ts";
import type { HostFacts } from "./compile.ts";
import type { DeviceCompiler } from "./devices.ts";
import { ENTER, Record, RECORDS_SLOT } from "./page.ts";

/** What a packed file was compiled from. */
export interface Unpacked {
  readonly guest: Guest;
  /** What was known of the host. */
  readonly facts: HostFacts;
}

/**
 * Reads the guest of a packed file. `devices` compiles devices of the types that the note names.
 *
 * @throws {ElfError | TenderError} if it contains what no guest can have
 */
export function unpack(
  elf: ElfFile,
  note: PackNote,
  { linux, devices }: { linux: LinuxAbi; devices: DeviceCompiler },
): Unpacked {
  const programs = readPrograms(elf)
    .filter(({ type, vaddr }) => type === SEGMENT_TYPES.LOAD && vaddr < note.memory);
  const [boot, ...pieces] = programs.filter(({ filesz }) => filesz > 0);
  if (boot?.vaddr !== MEMORY_START) throw impossible(elf, "there is no boot area");
  const area = programData(elf, boot, "elf-segment").subarray(BOOT_INFO - MEMORY_START);
  if (area.length < BootInfo.size) throw impossible(elf, "the boot area is too small");
  const { kernelEnd, mft, cmdline } = BootInfo.read(viewOf(area), 0);
  const last = pieces.at(-1);
  if (kernelEnd % PAGE_SIZE !== 0 || last === undefined || kernelEnd < last.vaddr + last.filesz) {
    throw impossible(elf, "the unikernel does not end where the boot area says");
  }
  const shownAt = cmdline - BOOT_INFO + new TextEncoder().encode(note.commandLine).length + 1;
  const shown = new TextDecoder().decode(area.subarray(Math.max(shownAt, 0))).split("\0");
  // The program and the size of memory come first.
  let at = 2;
  const read = note.devices.map((packed, index) => {
    const entry = readEntry(area, { at: mft - BOOT_INFO + entryAt(index + 1), elf });
    const found = devices.read(packed, { entry, options: shown.slice(at) });
    at += devices.options([{ handle: index + 1, name: packed.name, device: found.device }]).length;
    return found;
  });
  const { architecture } = elf;
  const { calls } = linux;
  const records = launchRecords(launchPage(elf));
  const unikernel = makeUnikernel({
    name: note.unikernel,
    architecture,
    entry: note.entry,
    segments: readSegments(elf, pieces, {
      // From the end of a segment's content to the end of the zeros after it.
      zeros: new Map(
        records.filter(({ call }) => call === calls.mprotect).map(({ a0, a1 }) => [a0, a0 + a1]),
      ),
    }),
    kernelEnd,
    abi: note.abi,
    manifest: { devices: note.devices.map(({ name, type }) => ({ name, type })) },
  });
  const guest = bind(unikernel, {
    memory: note.memory,
    args: note.commandLine === "" ? [] : [note.commandLine],
    devices: Object.fromEntries(
      note.devices.map(({ name }, index) => [name, read[index]!.device as Device]),
    ),
    executableHeap: note.executableHeap,
  });
  const sources = guest.devices.map(({ handle, name }, index) => ({
    handle,
    name,
    ...read[index]!.source,
  }));
  return { guest, facts: { devices: sources } };
}

/** Reads the unikernel's segments, which are whole pages in a packed file. */
function readSegments(
  elf: ElfFile,
  programs: readonly Program[],
  { zeros }: { zeros: ReadonlyMap<number, number> },
): Segment[] {
  return programs.map((program) => {
    const { vaddr, flags } = program;
    const data = programData(elf, program, "elf-segment");
    const [read, write, execute] = [
      SEGMENT_FLAGS.READ,
      SEGMENT_FLAGS.WRITE,
      SEGMENT_FLAGS.EXECUTE,
    ].map((flag) => (flags & flag) !== 0) as [boolean, boolean, boolean];
    const content = vaddr + data.length;
    const end = zeros.get(content) ?? content;
    return { address: vaddr, data, start: vaddr, end, read, write, execute };
  });
}

function entryAt(index: number): number {
  return ManifestHeader.size + index * ManifestEntry.size;
}

/** Reads what the guest is told of a device. */
function readEntry(
  area: Uint8Array,
  { at, elf }: { at: number; elf: ElfFile },
): ReturnType<typeof ManifestEntry.read> {
  if (at < 0 || at + ManifestEntry.size > area.length) {
    throw impossible(elf, "the manifest lies outside the boot area");
  }
  return ManifestEntry.read(viewOf(area), at);
}

function impossible({ name }: ElfFile, rule: string): TenderError {
  return new TenderError("target", `${name}: ${rule}`);
}

/** A launch page, and its address. */
export interface LaunchPage {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** Finds the launch page: the segment of the entry point. It is empty if there is none. */
export function launchPage(elf: ElfFile): LaunchPage {
  const { bytes, header: { entry } } = elf;
  const program = readPrograms(elf)
    .find(({ type, vaddr, filesz }) =>
      type === SEGMENT_TYPES.LOAD && vaddr <= entry && entry < vaddr + filesz
    );
  if (program === undefined) return { bytes: new Uint8Array(), address: 0 };
  const { offset, filesz, vaddr } = program;
  return { bytes: bytes.subarray(offset, offset + filesz), address: vaddr };
}

/** Reads the records of a launch page in order, up to the one that enters the guest. */
export function launchRecords({ bytes }: LaunchPage): ReturnType<typeof Record.read>[] {
  const records: ReturnType<typeof Record.read>[] = [];
  if (bytes.length < RECORDS_SLOT + 4) return records;
  const view = viewOf(bytes);
  let at = view.getUint32(RECORDS_SLOT, true);
  for (; at + Record.size <= bytes.length; at += Record.size) {
    records.push(Record.read(view, at));
    if (records.at(-1)!.call === ENTER) break;
  }
  return records;
}

/**
 * Finds the filter that a launch page installs, by its records as the launch code does.
 *
 * @returns 8 bytes for each instruction; undefined if the records lead to none
 */
export function launchFilter(page: LaunchPage, linux: LinuxAbi): Uint8Array | undefined {
  const { bytes, address } = page;
  const install = launchRecords(page).find(({ call, a0 }) =>
    call === linux.calls.seccomp && a0 === SECCOMP_SET_MODE_FILTER
  );
  if (install === undefined) return undefined;
  const view = viewOf(bytes);
  const program = install.a2 - address;
  if (program < 0 || program + 16 > bytes.length) return undefined;
  const start = Number(view.getBigUint64(program + 8, true)) - address;
  const length = view.getUint16(program, true) * SockFilter.size;
  if (start < 0 || start + length > bytes.length) return undefined;
  return bytes.subarray(start, start + length);
}
