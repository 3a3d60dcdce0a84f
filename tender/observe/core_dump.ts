/**
 * Core files of guests that broke: the registers (at the trap, if there was one) and the memory.
 * Source: spec/solo5-abi.md, section 6.
 *
 * @module
 */
import { CORE_NOTE_NAME, NT_PRSTATUS, Prstatus } from "../../abi/prstatus.ts";
import { coreHead } from "../../elftool/core_writer.ts";
import { guarded } from "../../linux/files.ts";
import { memoryContent } from "../../linux/memory_content.ts";
import type { CoreFile } from "../crash.ts";
import type { Outcome } from "../outcome.ts";
import type { EndedMachine, Observer } from "../hvt/observer.ts";
import { trapRegisters } from "./remains.ts";

/** Signals of Linux: the one that gdb reports as the guest's end. */
const SIGNAL = { ABRT: 6, SEGV: 11 };
const NO_CALL = 0xffff_ffff_ffff_ffffn;

/**
 * Makes an observer that writes a core file when the guest aborts or breaks. Only this user can read it,
 * and it is as sparse as the guest's memory. It never overwrites a file.
 *
 * @throws {ElfError} "file" if the directory of the path does not exist
 */
export function dumpCore(path: string): Observer {
  // Checked now: if it failed after the guest broke, the guest's state would be lost.
  const directory = /^(.*?)\/+[^/]*$/s.exec(path)?.[1] ?? ".";
  guarded(directory || "/", () => Deno.lstatSync(`${directory}/.`));
  return {
    ended(outcome, machine) {
      if (outcome.kind !== "abort" && outcome.kind !== "fault") return;
      return { ...outcome, core: coreOf(path, { outcome, machine }) };
    },
  };
}

function coreOf(path: string, ended: { outcome: Outcome; machine: EndedMachine }): CoreFile {
  try {
    guarded(path, () => writeCore(path, ended));
    return { path };
  } catch (error) {
    return { path, error: (error as Error).message };
  }
}

function writeCore(
  path: string,
  { outcome, machine }: { outcome: Outcome; machine: EndedMachine },
): void {
  const desc = Prstatus.encode(status(outcome, machine));
  const note = { name: CORE_NOTE_NAME, type: NT_PRSTATUS, desc };
  const memorySize = machine.memory.size;
  const head = coreHead({ architecture: "x86_64", note, memorySize });
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  try {
    writeContent(file, head, machine);
  } catch (error) {
    // No debugger can read a part of a core file.
    Deno.removeSync(path);
    throw error;
  }
}

function writeContent(
  file: Deno.FsFile,
  head: Uint8Array,
  { mapping }: EndedMachine,
): void {
  writeAt(file, 0, head);
  memoryContent(mapping, (offset, bytes) => writeAt(file, head.length + offset, bytes));
  file.truncateSync(head.length + mapping.size);
}

function status(
  outcome: Outcome,
  machine: EndedMachine,
): Partial<ReturnType<typeof Prstatus.read>> {
  const special = machine.specialRegisters();
  const trap = trapRegisters(outcome, machine.memory);
  const signal = outcome.kind === "abort" ? SIGNAL.ABRT : SIGNAL.SEGV;
  return {
    ...machine.registers(),
    cs: BigInt(special.cs.selector),
    ss: BigInt(special.ss.selector),
    ...trap,
    signal,
    currentSignal: signal,
    pid: Deno.pid,
    originalRax: NO_CALL,
    fsBase: special.fs.base,
    gsBase: special.gs.base,
    ds: BigInt(special.ds.selector),
    es: BigInt(special.es.selector),
    fs: BigInt(special.fs.selector),
    gs: BigInt(special.gs.selector),
  };
}

function writeAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
