/**
 * What an adopted program's unikernel says of the program's system calls: a note with JSON, for `inspect`.
 *
 * @module
 */
import { PORTABLE_NOTE_NAME } from "../abi/portable.ts";
import { ADOPTED_NOTE_TYPE } from "../abi/personality.ts";
import type { ElfFile, Program } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findOwnNote, type Note } from "./notes.ts";
import type { Site } from "./x86_64/rewrite.ts";

/** An adopted program. */
export interface Adopted {
  /** Every system call, and all bytes that read as one, ascending by address. */
  readonly sites: readonly Site[];
}

/** How the note is found. */
export const ADOPTED_NOTE = { owner: PORTABLE_NOTE_NAME, type: ADOPTED_NOTE_TYPE } as const;

/** The note that says what became of a program's system calls. */
export function adoptedNote({ sites }: Adopted): Note {
  const rows = sites.map(({ address, how, why }) =>
    why === undefined ? [address, how] : [address, how, why]
  );
  const desc = new TextEncoder().encode(JSON.stringify({ version: 1, sites: rows }));
  return { name: ADOPTED_NOTE.owner, type: ADOPTED_NOTE.type, desc };
}

/**
 * Reads the note.
 *
 * @returns undefined if the file has none
 * @throws {ElfError} "elf-note" if it is damaged
 */
export function readAdopted(elf: ElfFile, programs: readonly Program[]): Adopted | undefined {
  const content = findOwnNote(elf, programs, ADOPTED_NOTE);
  if (content === undefined) return undefined;
  const sites = parse(content);
  if (sites !== undefined) return { sites };
  throw new ElfError("elf-note", `${elf.name}: note of an adopted program: is damaged`);
}

function parse(content: Uint8Array): Site[] | undefined {
  let value: { version?: unknown; sites?: unknown } | null;
  try {
    value = JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
  if (value?.version !== 1 || !Array.isArray(value.sites)) return undefined;
  const sites: Site[] = [];
  for (const row of value.sites) {
    const [address, how, why]: unknown[] = Array.isArray(row) ? row : [];
    if (!Number.isSafeInteger(address) || !isHow(how)) return undefined;
    if (why !== undefined && typeof why !== "string") return undefined;
    sites.push({ address: address as number, how, ...(why === undefined ? {} : { why }) });
  }
  return sites;
}

const HOW: readonly Site["how"][] = ["before", "after", "around", "padding", "left"];

function isHow(value: unknown): value is Site["how"] {
  return HOW.some((how) => how === value);
}
