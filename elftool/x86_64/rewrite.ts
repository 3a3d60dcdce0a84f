/**
 * Replaces a program's system calls by calls of a function that is put beside it: bytes to bytes.
 *
 * `syscall` has two bytes and a jump needs five, so neighbouring instructions go with it: a jump leads
 * to a *trampoline*, which calls the function, does what the moved instructions did, and jumps back.
 * Where neighbours must stay, a short jump leads to five bytes of padding, and these to the trampoline.
 *
 * @module
 */
import { Assembler } from "./assembler.ts";
import { decode, type Instruction } from "./decode.ts";
import { type Finding, findInstructions, type Sought } from "./find.ts";
import { goesOn } from "./flow.ts";
import { codeAt, type CodeSegment, KINDS, MARKS } from "./marks.ts";
import type { Survey } from "./survey.ts";

/** What became of one system call. */
export interface Site {
  /** Where the instruction is, or was. */
  readonly address: number;
  /**
   * Which neighbours were moved with it: those `before` it, those `after` it, or both (`around`);
   * `padding`: none, because a short jump was possible; `left`: it is as it was.
   */
  readonly how: "before" | "after" | "around" | "padding" | "left";
  /** Why it was left. */
  readonly why?: string;
}

/** What a rewriting changes and adds. */
export interface Rewriting {
  /** Bytes to put over those of the program; they do not overlap. */
  readonly patches: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Code to load at `trampolines`, executable. */
  readonly trampolines: Uint8Array<ArrayBuffer>;
  /** All system calls, and all bytes that read as one, ascending by address. */
  readonly sites: readonly Site[];
}

/** Where a rewriting puts and finds things. */
export interface RewriteOptions {
  /** The address of what is added; nothing else may lie there. */
  readonly trampolines: number;
  /**
   * The address of the function that stands in for the kernel. It is called with the registers of a
   * system call, 136 bytes below the caller's stack pointer so that the red zone is kept, and may
   * change RAX (the result), RCX, R11 and the flags.
   */
  readonly personality: number;
}

/** `jmp rel32`, in bytes. */
const JUMP_SIZE = 5;
/** `jmp rel8`, in bytes. */
const SHORT_JUMP_SIZE = 2;
/** In which pieces padding is looked for, in bytes: no less than a short jump reaches. */
const BLOCK = 256;
/** Most instructions before a system call that are moved with it. */
const MOST_BEFORE = 4;
/** How far relative jumps reach, less what trampolines may have in bytes themselves. */
const REACH = 2 ** 31 - 2 ** 26;
/** `int3`, which ends a program that jumps where instructions were. */
const INT3 = 0xcc;
/** `lea -128(%rsp),%rsp` and `lea 128(%rsp),%rsp`: unlike `sub` and `add` they leave the flags. */
const SKIP_RED_ZONE = [0x48, 0x8d, 0x64, 0x24, 0x80];
const UNDO_RED_ZONE = [0x48, 0x8d, 0xa4, 0x24, 0x80, 0, 0, 0];

/**
 * Rewrites the system calls of a program.
 *
 * @throws {RangeError} if the trampolines or the personality are too far from the program's code for jumps
 */
export function rewriteSystemCalls(survey: Survey, options: RewriteOptions): Rewriting {
  for (const { address, code } of survey.segments) {
    for (const to of [options.trampolines, options.personality]) {
      if (Math.max(Math.abs(to - address), Math.abs(to - address - code.length)) > REACH) {
        throw new RangeError("trampolines out of the reach of jumps");
      }
    }
  }
  const rewriter = new Rewriter(survey, options);
  const sites = findInstructions(survey, ENTRIES)
    // What is left of those of 32-bit programs is data.
    .filter(({ instruction, doubt }) => doubt === undefined || isSyscall(instruction))
    .map((finding) => rewriter.rewrite(finding));
  const { patches, trampolines } = rewriter;
  return { patches, trampolines: trampolines.bytes(), sites };
}

/** `syscall`; `sysenter` and `int $0x80`, which 32-bit programs use. */
const ENTRIES: Sought = {
  pairs: [[0x0f, 0x05], [0x0f, 0x34], [0xcd, 0x80]],
  wanted: ({ flow }) => flow === "system",
};

function isSyscall({ map, opcode, flow }: Instruction): boolean {
  return flow === "system" && map === 1 && opcode === 0x05;
}

/** An instruction and its offset in its segment. */
interface Placed {
  readonly at: number;
  readonly instruction: Instruction;
}

/** Neighbouring instructions that are moved together, and where they end. */
interface Region {
  readonly moved: readonly Placed[];
  readonly end: number;
}

class Rewriter {
  readonly patches: { address: number; bytes: Uint8Array }[] = [];
  readonly trampolines: Assembler;
  readonly #survey: Survey;
  readonly #personality: number;
  /** Sites that were moved together with others. */
  readonly #done = new Map<number, Site>();
  /** Offsets of bytes that were overwritten. */
  readonly #taken = new Map<CodeSegment, Set<number>>();

  /** Runs of padding by the addresses of blocks. */
  readonly #padding = new Map<number, Run[]>();

  constructor(survey: Survey, { trampolines, personality }: RewriteOptions) {
    this.#survey = survey;
    this.#personality = personality;
    this.trampolines = new Assembler(trampolines);
    for (const segment of survey.segments) this.#taken.set(segment, new Set());
  }

  rewrite({ address, instruction, doubt }: Finding): Site {
    const known = this.#done.get(address);
    if (known !== undefined) return known;
    if (doubt !== undefined) return { address, how: "left", why: doubt };
    if (!isSyscall(instruction)) return { address, how: "left", why: "not of 64-bit programs" };
    const segment = codeAt(this.#survey.segments, address)!;
    const site = { at: address - segment.address, instruction };
    for (let before = 0; before <= MOST_BEFORE; before++) {
      const region = this.#region(segment, { site, before });
      if (region !== undefined) return this.#move(segment, { site, region, before });
    }
    const island = this.#island(segment, site);
    if (island === undefined) {
      return { address, how: "left", why: "jumps lead to its neighbours, and no padding is near" };
    }
    const end = site.at + site.instruction.length;
    this.#patch(segment, { from: island, end: island + JUMP_SIZE, jump: this.trampolines.here });
    this.#patch(segment, { from: site.at, end, short: island });
    this.#write(segment, { moved: [site], end });
    return { address, how: "padding" };
  }

  /** The instructions that a jump would replace if it began so many instructions before the site. */
  #region(
    segment: CodeSegment,
    { site, before }: { site: Placed; before: number },
  ): Region | undefined {
    const moved = [site];
    for (let count = before; count > 0; count--) {
      const previous = previousOf(segment, moved[0]!.at);
      if (previous === undefined || !isMovable(previous) || !goesOn(previous.instruction.flow)) {
        return undefined;
      }
      moved.unshift(previous);
    }
    const start = moved[0]!.at;
    let end = site.at + site.instruction.length;
    while (end - start < JUMP_SIZE) {
      const next = nextOf(segment, { at: end, reached: goesOn(moved.at(-1)!.instruction.flow) });
      if (next === undefined || !isMovable(next)) return undefined;
      // What cannot be reached has nothing to do.
      if (goesOn(moved.at(-1)!.instruction.flow)) moved.push(next);
      end = next.at + next.instruction.length;
    }
    const taken = this.#taken.get(segment)!;
    for (let at = start; at < end; at++) {
      if (taken.has(at)) return undefined;
      // The region's start may be jumped to; what follows may not, nor the middle of an instruction.
      if (at > start && (segment.marks[at]! & MARKS.target) !== 0) return undefined;
    }
    return { moved, end };
  }

  #move(
    segment: CodeSegment,
    { site, region, before }: { site: Placed; region: Region; before: number },
  ): Site {
    const { moved, end } = region;
    const from = moved[0]!.at;
    this.#patch(segment, { from, end, jump: this.trampolines.here });
    this.#write(segment, region);
    const after = moved.at(-1) !== site || end > site.at + site.instruction.length;
    const how = before === 0 ? "after" : after ? "around" : "before";
    for (const { at, instruction } of moved) {
      const address = segment.address + at;
      if (isSyscall(instruction)) this.#done.set(address, { address, how });
    }
    return { address: segment.address + site.at, how };
  }

  /** Overwrites bytes by a jump to an address, or by a short one to an offset. */
  #patch(
    segment: CodeSegment,
    { from, end, jump, short }: { from: number; end: number; jump?: number; short?: number },
  ): void {
    const taken = this.#taken.get(segment)!;
    for (let at = from; at < end; at++) taken.add(at);
    const address = segment.address + from;
    const code = new Assembler(address);
    if (jump !== undefined) code.jump(jump);
    else code.put([0xeb, (short! - from - SHORT_JUMP_SIZE) & 0xff]);
    while (code.size < end - from) code.put([INT3]);
    this.patches.push({ address, bytes: code.bytes() });
  }

  /** Writes a trampoline. */
  #write({ address, code }: CodeSegment, { moved, end }: Region): void {
    const out = this.trampolines;
    for (const { at, instruction } of moved) {
      const bytes = code.subarray(at, at + instruction.length);
      const referred = address + at + instruction.refersTo;
      if (isSyscall(instruction)) {
        out.put(SKIP_RED_ZONE);
        out.call(this.#personality);
        out.put(UNDO_RED_ZONE);
      } else if (instruction.flow === "jump") out.jump(referred);
      else if (instruction.flow === "branch") out.branch(instruction.opcode & 15, referred);
      else if (instruction.relativeSize !== 0) out.relocate(bytes, { instruction, referred });
      else out.put(bytes);
    }
    if (goesOn(moved.at(-1)!.instruction.flow)) out.jump(address + end);
  }

  /** The padding of a block, looked for once. */
  #runs(segment: CodeSegment, block: number): Run[] {
    const key = segment.address + block * BLOCK;
    const known = this.#padding.get(key) ?? paddingIn(segment, block);
    this.#padding.set(key, known);
    return known;
  }

  /** Where a short jump reaches enough padding that is still free, as an offset. */
  #island(segment: CodeSegment, { at }: Placed): number | undefined {
    const origin = at + SHORT_JUMP_SIZE;
    const taken = this.#taken.get(segment)!;
    const [first, last] = [origin - BLOCK, origin + 127].map((place) => Math.floor(place / BLOCK));
    for (let block = Math.max(first!, 0); block <= last!; block++) {
      for (const { start, end } of this.#runs(segment, block)) {
        for (let from = Math.max(start, origin - 128); from + JUMP_SIZE <= end; from++) {
          if (from > origin + 127) break;
          const free = [0, 1, 2, 3, 4].every((offset) => !taken.has(from + offset));
          if (free) return from;
        }
      }
    }
    return undefined;
  }
}

/** Offsets between which there is padding. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** Runs of padding behind the instructions of a block that execution does not go on behind. */
function paddingIn(segment: CodeSegment, block: number): Run[] {
  const { code, marks } = segment;
  const runs: Run[] = [];
  for (let at = block * BLOCK; at < Math.min((block + 1) * BLOCK, code.length); at++) {
    if ((marks[at]! & MARKS.start) === 0) continue;
    const instruction = decode(code, at)!;
    if (goesOn(instruction.flow)) continue;
    const start = at + instruction.length;
    let end = start;
    for (let next = nextOf(segment, { at: end, reached: false }); next !== undefined;) {
      // More than a short jump reaches is of no use.
      if (isTarget(segment, next) || end - start > BLOCK) break;
      end += next.instruction.length;
      next = nextOf(segment, { at: end, reached: false });
    }
    if (end > start) runs.push({ start, end });
  }
  return runs;
}

/** The proven instruction that ends at an offset. */
function previousOf({ code, kinds, marks }: CodeSegment, end: number): Placed | undefined {
  let at = end - 1;
  if (at < 0 || kinds[at] !== KINDS.proven) return undefined;
  while ((marks[at]! & MARKS.start) === 0) at--;
  return { at, instruction: decode(code, at)! };
}

/**
 * What follows an instruction that ends at an offset.
 *
 * @param options `reached`: whether execution comes there, as to an instruction; where it does not, only
 * padding is given
 */
function nextOf(
  { code, marks }: CodeSegment,
  { at, reached }: { at: number; reached: boolean },
): Placed | undefined {
  if (at >= code.length) return undefined;
  const proven = (marks[at]! & MARKS.start) !== 0;
  if (reached && !proven) return undefined;
  const instruction = decode(code, at);
  if (instruction === undefined) return undefined;
  return reached || isPadding(instruction) ? { at, instruction } : undefined;
}

/** Whether an instruction does nothing, or stops: what linkers and compilers fill gaps with. */
function isPadding({ encoding, map, opcode }: Instruction): boolean {
  if (encoding !== "legacy") return false;
  return map === 0 ? opcode === 0x90 || opcode === INT3 : map === 1 && opcode === 0x1f;
}

/** Whether execution may come to an instruction other than from the one before it. */
function isTarget({ marks }: CodeSegment, { at }: Placed): boolean {
  return (marks[at]! & MARKS.target) !== 0;
}

/** Whether an instruction can do its work elsewhere. */
function isMovable({ instruction }: Placed): boolean {
  const { flow, map, opcode } = instruction;
  switch (flow) {
    case "call": // would return elsewhere
    case "call-indirect":
      return false;
    case "branch": // loop and jrcxz have no long form, and xbegin is left alone
      return map === 1 || (opcode & 0xf0) === 0x70;
    case "system":
      return isSyscall(instruction);
    default:
      return true;
  }
}
