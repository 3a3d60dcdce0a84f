/**
 * The seccomp filter of a packed unikernel, found as the launch code finds it: by the records of its
 * launch page. What comes out are the very bytes that the kernel gets.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { readPackNote } from "../../elftool/packed.ts";
import { TenderError } from "../error.ts";
import { disassembleBpf } from "./disassemble.ts";
import { ENTER, Record, RECORDS_SLOT } from "./record.ts";
import { SECCOMP_SET_MODE_FILTER } from "./constants.ts";
import { LINUX, type LinuxAbi, SockFilter } from "./syscalls.ts";

/** A filter, and what its numbers mean. */
export interface PackedFilter {
  readonly bytes: Uint8Array;
  readonly linux: LinuxAbi;
}

/**
 * Finds the filter of a packed unikernel.
 *
 * @throws {ElfError} if the file is no executable
 * @throws {TenderError} "target" if it is none that was packed here
 */
export function packedFilter(file: Uint8Array, { name }: { name: string }): PackedFilter {
  const elf = readElf(file, { name });
  const linux = LINUX[elf.machine];
  if (linux === undefined || readPackNote(elf) === undefined) {
    throw new TenderError("target", `${name}: is no packed unikernel; make one with soloden pack`);
  }
  const { entry } = elf.header;
  const launch = readPrograms(elf).find(({ type, vaddr, filesz }) =>
    type === SEGMENT_TYPES.LOAD && vaddr <= entry && entry < vaddr + filesz
  );
  const page = launch === undefined
    ? new Uint8Array()
    : file.subarray(launch.offset, launch.offset + launch.filesz);
  const bytes = filterOf(page, { base: launch?.vaddr ?? 0, linux });
  if (bytes === undefined) {
    throw new TenderError("target", `${name}: its launch page holds no seccomp filter`);
  }
  return { bytes, linux };
}

/** The filter of a packed unikernel as text. */
export function describeFilter(file: Uint8Array, options: { name: string }): string {
  const { bytes, linux } = packedFilter(file, options);
  const count = bytes.length / SockFilter.size;
  return `${options.name}: seccomp filter of ${count} instructions\n` +
    disassembleBpf(bytes, linux);
}

/** Follows the records up to the call that installs the filter; undefined if they lead elsewhere. */
function filterOf(
  page: Uint8Array,
  { base, linux }: { base: number; linux: LinuxAbi },
): Uint8Array | undefined {
  const view = viewOf(page);
  if (page.length < RECORDS_SLOT + 4) return undefined;
  for (
    let at = view.getUint32(RECORDS_SLOT, true);
    at + Record.size <= page.length;
    at += Record.size
  ) {
    const record = Record.read(view, at);
    if (record.call === ENTER) return undefined;
    if (record.call !== linux.calls.seccomp || record.a0 !== SECCOMP_SET_MODE_FILTER) continue;
    const program = record.a2 - base;
    if (program < 0 || program + 16 > page.length) return undefined;
    const start = Number(view.getBigUint64(program + 8, true)) - base;
    const length = view.getUint16(program, true) * SockFilter.size;
    if (start < 0 || start + length > page.length) return undefined;
    return page.subarray(start, start + length);
  }
}
