/**
 * Writes the bytes of a seccomp filter as text that a person can check: a line for each instruction, with
 * names for what it compares.
 *
 * @module
 */
import { nameOf } from "../abi/layout.ts";
import { ACTION, INSTRUCTION, SECCOMP_DATA } from "./bpf.ts";
import { type LinuxAbi, SockFilter } from "./syscalls.ts";

/** The accumulator's content where paths that loaded different words meet. */
const UNKNOWN = -1;

const ACTIONS: Record<number, string> = {
  [ACTION.allow]: "allow",
  [ACTION.killProcess]: "kill the process",
};

type Decoded = ReturnType<typeof SockFilter.read>;

/**
 * Writes a filter as text.
 *
 * @param bytes instructions of 8 bytes, as the kernel reads them
 * @returns a line for each instruction, each ending in a newline
 */
export function disassembleBpf(bytes: Uint8Array, linux: LinuxAbi): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const program = Array.from(
    { length: Math.floor(bytes.length / SockFilter.size) },
    (_, index) => SockFilter.read(view, index * SockFilter.size),
  );
  const loaded = loadedWords(program);
  const lines = program.map((instruction, index) =>
    `${String(index).padStart(4)}  ${
      describe(instruction, { index, word: loaded[index]!, linux })
    }\n`
  );
  return lines.join("");
}

/** For each instruction, the offset of the word that the accumulator holds when it is reached. */
function loadedWords(program: readonly Decoded[]): number[] {
  const words: number[] = [];
  const reach = (index: number, word: number) => {
    words[index] = words[index] === undefined || words[index] === word ? word : UNKNOWN;
  };
  reach(0, UNKNOWN);
  // Jumps go forward only, so that all that leads to an instruction comes before it.
  program.forEach(({ code, jt, jf, k }, index) => {
    const word = words[index] ??= UNKNOWN;
    if (code === INSTRUCTION.ret) return;
    if (code === INSTRUCTION.load) reach(index + 1, k);
    else if (code === INSTRUCTION.jump) reach(index + 1 + k, word);
    else for (const jump of [jt, jf]) reach(index + 1 + jump, word);
  });
  return words;
}

interface Surroundings {
  readonly index: number;
  /** Offset of the word in the accumulator. */
  readonly word: number;
  readonly linux: LinuxAbi;
}

function describe({ code, jt, jf, k }: Decoded, { index, word, linux }: Surroundings): string {
  const target = (distance: number) => `${index + 1 + distance}`;
  switch (code) {
    case INSTRUCTION.load:
      return `load ${wordName(k)}`;
    case INSTRUCTION.jump:
      return `go to ${target(k)}`;
    case INSTRUCTION.ret:
      return ACTIONS[k] ?? `return 0x${k.toString(16)}`;
  }
  const test = nameOf(INSTRUCTION.tests, code);
  if (test === undefined) return `code 0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16)}`;
  const then = jt === 0 ? "" : `, then ${target(jt)}`;
  const otherwise = jf === 0 ? "" : `, else ${target(jf)}`;
  return `if ${wordName(word)} ${test} ${valueName(k, { word, linux })}${then}${otherwise}`;
}

function wordName(offset: number): string {
  if (offset === SECCOMP_DATA.number) return "number";
  if (offset === SECCOMP_DATA.arch) return "arch";
  const argument = (offset - SECCOMP_DATA.argument(0)) / 8;
  if (argument < 0 || argument >= 6) return "accumulator";
  return Number.isInteger(argument)
    ? `argument ${argument}`
    : `high half of argument ${Math.floor(argument)}`;
}

/** What a word is compared with. */
function valueName(value: number, { word, linux }: Omit<Surroundings, "index">): string {
  const { calls, auditArch, architecture } = linux;
  if (word === SECCOMP_DATA.arch && value === auditArch) return architecture;
  if (word !== SECCOMP_DATA.number) return value < 10 ? `${value}` : `0x${value.toString(16)}`;
  const name = nameOf(calls, value);
  return name === undefined ? `${value}` : `${name} (${value})`;
}
