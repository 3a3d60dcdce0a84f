/**
 * The launch page of a packed unikernel, found as the kernel finds it, and its seccomp filter, found as
 * the launch code finds it: by the records of the page.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { type ElfFile, readPrograms } from "../../elftool/elf_reader.ts";
import { SECCOMP_SET_MODE_FILTER } from "../../linux/constants.ts";
import { ENTER, Record, RECORDS_SLOT } from "./record.ts";
import { type LinuxAbi, SockFilter } from "../../linux/syscalls.ts";

/** A launch page, and where it lies in memory. */
export interface LaunchPage {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** The segment that the kernel begins with; empty where there is none. */
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

/** The records of a launch page in order, the one that enters the guest last, if there is one. */
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
 * The filter that a launch page has the kernel install, 8 bytes for each instruction; undefined where
 * its records lead to none.
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
