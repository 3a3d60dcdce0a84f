/**
 * What an adopted program's unikernel says of the program's system calls: a note with JSON, for `inspect`.
 *
 * @module
 */
import { ADOPTED_NOTE } from "../abi/portable.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import type { ElfFile, Program } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findOwnNote, type Note } from "./notes.ts";
import type { Site } from "./x86_64/rewrite.ts";

/** An adopted program. */
export interface Adopted {
  /** Every system call, and all bytes that read as one, ascending by address. */
  readonly sites: readonly Site[];
  /** Where files may be added. */
  readonly room?: Room;
  /** The works of others that the program contains. */
  readonly contains?: readonly Content[];
}

/** A work that a program contains. */
export interface Content {
  /** What it is called. */
  readonly name: string;
  /** As its authors count, or those who packaged it. */
  readonly version: string;
  /** Its licence, as an SPDX expression. */
  readonly licence: string;
}

/** Memory in which a unikernel has nothing, for files that are added to it. */
export interface Room {
  /** Of its first page. */
  readonly address: number;
  /** In bytes, whole pages. */
  readonly size: number;
}

/** The note that says what became of a program's system calls. */
export function adoptedNote({ sites, room, contains }: Adopted): Note {
  const rows = sites.map(({ address, how, why }) =>
    why === undefined ? [address, how] : [address, how, why]
  );
  const desc = new TextEncoder().encode(
    JSON.stringify({ version: 1, sites: rows, room, contains }),
  );
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
  const adopted = parse(content);
  if (adopted !== undefined) return adopted;
  throw new ElfError("elf-note", `${elf.name}: note of an adopted program: is damaged`);
}

function parse(content: Uint8Array): Adopted | undefined {
  let value: Partial<Record<"version" | keyof Adopted, unknown>> | null;
  try {
    value = JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
  const { version, sites: rows, room, contains } = value ?? {};
  if (version !== 1 || !Array.isArray(rows)) return undefined;
  const sites = rows.map(parseSite);
  if (!sites.every((site) => site !== undefined)) return undefined;
  if (room !== undefined && !isRoom(room)) return undefined;
  if (contains !== undefined && !isContents(contains)) return undefined;
  return { sites, ...(room && { room }), ...(contains && { contains }) };
}

function isContents(value: unknown): value is Content[] {
  return Array.isArray(value) &&
    value.every((each) =>
      ["name", "version", "licence"].every((field) => typeof each?.[field] === "string")
    );
}

function parseSite(row: unknown): Site | undefined {
  const [address, how, why]: unknown[] = Array.isArray(row) ? row : [];
  if (!Number.isSafeInteger(address) || !isHow(how)) return undefined;
  if (why !== undefined && typeof why !== "string") return undefined;
  return { address: address as number, how, ...(why === undefined ? {} : { why }) };
}

function isRoom(value: unknown): value is Room {
  const { address, size } = (value ?? {}) as Partial<Record<keyof Room, unknown>>;
  return [address, size].every((number) =>
    Number.isSafeInteger(number) && (number as number) > 0 && (number as number) % PAGE_SIZE === 0
  );
}

const HOW: readonly Site["how"][] = ["before", "after", "around", "padding", "left"];

function isHow(value: unknown): value is Site["how"] {
  return HOW.some((how) => how === value);
}
