/**
 * The instructions at a spliced program's entry, for aarch64. They do what those for x86_64 do.
 *
 * @module
 */
import { MADV_POPULATE_WRITE } from "../../linux/constants.ts";
import {
  addedVariables,
  CALLED_NAME,
  type EntryCode,
  type EntryTarget,
  type Limit,
  nameTable,
  type Prefix,
  type Reference,
} from "./entry_code.ts";
import { word32 } from "../../abi/layout.ts";
import { Aarch64 } from "../../linux/syscalls.ts";
import { type LateRelocations, PLACES, WORD } from "./late_relocations.ts";

const SVC = 0xd4000001;

/** Code that is being written, with its references. Registers are given by number; x16 is its own. */
class Writer {
  readonly code: number[] = [];
  readonly references: Reference[] = [];

  put(...instructions: number[]): void {
    for (const instruction of instructions) this.code.push(...word32(instruction | 0));
  }

  /** Sets a register to a number: 4 instructions. */
  constant(register: number, value: bigint | number): void {
    const number = BigInt(value);
    for (let part = 0; part < 4; part++) {
      const bits = Number(number >> BigInt(16 * part) & 0xffffn);
      // movz for the lowest, movk for the others
      this.put((part === 0 ? 0xd2800000 : 0xf2800000) | part << 21 | bits << 5 | register);
    }
  }

  /** Sets a register to the address of something behind the code: 5 words. */
  refer(register: number, to: Reference["to"]): void {
    const at = this.#distance(register);
    this.references.push({ at, from: at, to });
  }

  /** Sets a register to an address, where the code lies at `at`: 5 words. */
  reach(register: number, address: number, at: number): void {
    const distance = this.#distance(register);
    this.code.splice(distance, 4, ...word32(address - (at + distance)));
  }

  /** Adds a word to its own address; returns where the word is. */
  #distance(register: number): number {
    this.put(
      0x10000090, // adr x16, word
      0xb9800200 | register, // ldrsw …, [x16]
      0x8b100000 | register << 5 | register, // add …, …, x16
      0x14000002, // b behind the word
      0, // word
    );
    return this.code.length - 4;
  }
}

/**
 * Writes the instructions. On entry the stack holds argc, argv, a null, the environment, a null and what
 * else the kernel says; x0 is the C library's and stays. argc and argv move down, and the new pointers
 * go into the gaps.
 */
export function entryAarch64(prefix: Prefix, target: EntryTarget): EntryCode {
  const writer = new Writer();
  writer.put(0xaa0003f4); // mov x20, x0
  for (const limit of prefix.limits ?? []) checkLimit(writer, limit);
  if (target.late !== undefined) relocate(writer, target.late, target.at);
  insert(writer, prefix, target);
  if (prefix.allowed !== undefined) hideOthers(writer, prefix.allowed);
  writer.put(0xaa1403e0); // mov x0, x20
  writer.reach(17, target.entry, target.at);
  writer.put(0xd61f0220); // br x17
  return writer;
}

/** Ends the program where a limit is too low. A kernel that does not say is believed to have none. */
function checkLimit(writer: Writer, { resource, least, message }: Limit): void {
  const line = new TextEncoder().encode(`${message}\n`);
  writer.constant(0, 0);
  writer.constant(1, resource);
  writer.constant(2, 0);
  writer.put(0xd10043e3); // sub x3, sp, #16
  writer.constant(8, Aarch64.prlimit64);
  writer.constant(9, least);
  writer.put(
    SVC,
    0xb5000000 | 31 << 5, // cbnz x0, enough
    0xf85f03ea, // ldur x10, [sp, #-16]
    0xeb09015f, // cmp x10, x9
    0x54000002 | 28 << 5, // b.hs enough
  );
  writer.constant(0, 2);
  writer.refer(1, line);
  writer.constant(2, line.length);
  writer.constant(8, Aarch64.write);
  writer.put(SVC);
  writer.constant(0, 1);
  writer.constant(8, Aarch64.exit_group);
  writer.put(SVC);
  // enough:
}

/** Makes relocations; leaves x20 and the stack alone. */
function relocate(writer: Writer, { start, end, words }: LateRelocations, at: number): void {
  writer.reach(21, 0, at);
  writer.constant(0, start);
  writer.put(0x8b150000); // add x0, x0, x21
  writer.constant(1, end - start);
  writer.constant(2, MADV_POPULATE_WRITE);
  writer.constant(8, Aarch64.madvise);
  writer.put(SVC); // older kernels refuse, and bring each page when it is written to
  writer.refer(9, new Uint8Array(words.buffer));
  writer.constant(10, words.byteLength);
  writer.put(
    0x8b09014a, // add x10, x10, x9
    // next:
    0xf840852b, // ldr x11, [x9], #8
    0x370000cb, // tbnz w11, #0, bits
    0x8b0b02ac, // add x12, x21, x11
    0xf940018d, // ldr x13, [x12]
    0x8b1501ad, // add x13, x13, x21
    0xf800858d, // str x13, [x12], #8
    0x1400000b, // b more
    // bits:
    0xd341fd6b, // lsr x11, x11, #1
    // bit: there is at least one
    0xdac0016d, // rbit x13, x11
    0xdac011ad, // clz x13, x13
    0xf86d798e, // ldr x14, [x12, x13, lsl #3]
    0x8b1501ce, // add x14, x14, x21
    0xf82d798e, // str x14, [x12, x13, lsl #3]
    0xd100056d, // sub x13, x11, #1
    0xea0d016b, // ands x11, x11, x13
    0x54ffff21, // b.ne bit
    0x9100018c | PLACES * WORD << 10, // add x12, x12, #63 * 8
    // more:
    0xeb0a013f, // cmp x9, x10
    0x54fffdc3, // b.lo next
  );
}

/** Puts the prefix on the stack; afterwards x11 is where the user's environment begins. */
function insert(writer: Writer, prefix: Prefix, { environ, at }: EntryTarget): void {
  const variables = addedVariables(prefix);
  const { args } = prefix;
  const put = (to: Reference["to"]) => {
    writer.refer(10, to);
    writer.put(0xf800856a); // str x10, [x11], #8
  };
  writer.put(0x910003e9); // mov x9, sp
  writer.constant(10, WORD * (args.length + variables.length));
  writer.put(
    0xcb2a63ff, // sub sp, sp, x10
    0x910003eb, // mov x11, sp
    0xf840852c, // ldr x12, [x9], #8: argc
  );
  writer.constant(10, args.length);
  writer.put(
    0x8b0a018a, // add x10, x12, x10
    0xf800856a, // str x10, [x11], #8
    0xf840852d, // ldr x13, [x9], #8: argv[0]
    0xf800856d, // str x13, [x11], #8
  );
  for (const argument of args) {
    if (argument !== CALLED_NAME) put(argument);
    else writer.put(0xf800856d); // str x13, [x11], #8
  }
  writer.put(
    // The rest of argv and its null, argc words:
    0xb40000ac, // cbz x12, copied
    // copy:
    0xf840852a, // ldr x10, [x9], #8
    0xf800856a, // str x10, [x11], #8
    0xf100058c, // subs x12, x12, #1
    0x54ffffa1, // b.ne copy
    // copied:
  );
  if (environ !== undefined) {
    // The loader has given the C library the environment already, which now begins here.
    writer.reach(10, environ, at);
    writer.put(
      0xf940014a, // ldr x10, [x10]
      0xf900014b, // str x11, [x10]
    );
  }
  for (const variable of variables) put(variable);
}

/** Puts the empty string in the place of each variable, from the one at x11, that is not allowed. */
function hideOthers(writer: Writer, allowed: readonly string[]): void {
  writer.put(
    // next:
    0xf940016a, // ldr x10, [x11]
    0xb400032a, // cbz x10, done
  );
  writer.refer(12, nameTable(allowed));
  writer.put(
    // name:
    0x3940018d, // ldrb w13, [x12]
    0x3400014d, // cbz w13, hide
    0xaa0a03ee, // mov x14, x10
    // letter:
    0x3840158d, // ldrb w13, [x12], #1
    0x340001ad, // cbz w13, keep
    0x384015cf, // ldrb w15, [x14], #1
    0x6b0f01bf, // cmp w13, w15
    0x54ffff80, // b.eq letter
    // rest: of the name that it is not
    0x3840158d, // ldrb w13, [x12], #1
    0x35ffffed, // cbnz w13, rest
    0x17fffff6, // b name
    // hide:
  );
  writer.refer(13, "");
  writer.put(
    0xf900016d, // str x13, [x11]
    // keep:
    0x9100216b, // add x11, x11, #8
    0x17ffffe7, // b next
    // done:
  );
}
