/**
 * The instructions at a spliced program's entry, for aarch64. They do what those for x86_64 do.
 *
 * @module
 */
import { word32 } from "../../abi/layout.ts";
import { label, type Part, type Reference } from "../../linux/assembler.ts";
import { MADV_POPULATE_WRITE } from "../../linux/constants.ts";
import { Aarch64 } from "../../linux/syscalls.ts";
import {
  addedVariables,
  CALLED_NAME,
  type Content,
  type EntryTask,
  type Limit,
  nameTable,
  type Texts,
} from "./entry_code.ts";
import { type LateRelocations, PLACES, WORD } from "./late_relocations.ts";

const SVC = 0xd4000001;

/** Puts instructions together: those that are numbers have a word of 4 bytes each. */
function code(...instructions: Part[]): Part[] {
  return instructions.map((part) => typeof part === "number" ? word32(part | 0) : part);
}

/** A branch with a condition; in the instruction, the distance is 0. */
function branch(instruction: number, to: string): Reference {
  return { to, size: 4, encode: (distance) => instruction | (distance >> 2 & 0x7ffff) << 5 };
}

/** `tbnz`: a branch with a bit as its condition. */
function branchOnBit(instruction: number, to: string): Reference {
  return { to, size: 4, encode: (distance) => instruction | (distance >> 2 & 0x3fff) << 5 };
}

/** `b`: a branch without a condition. */
function jump(to: string): Reference {
  return { to, size: 4, encode: (distance) => 0x14000000 | distance >> 2 & 0x3ffffff };
}

/** Sets a register to a number. */
function constant(register: number, value: bigint | number): Part[] {
  return code(...[0, 1, 2, 3].map((part) => {
    const bits = Number(BigInt(value) >> BigInt(16 * part) & 0xffffn);
    // movz for the lowest, movk for the others
    return (part === 0 ? 0xd2800000 : 0xf2800000) | part << 21 | bits << 5 | register;
  }));
}

/** Sets a register to the address of a label, however far away; x16 is lost. */
function address(register: number, to: string): Part[] {
  return code(
    0x10000090, // adr x16, word
    0xb9800200 | register, // ldrsw …, [x16]
    0x8b100000 | register << 5 | register, // add …, …, x16
    0x14000002, // b behind the word
    { to, size: 4, encode: (distance) => distance }, // word
  );
}

/**
 * Writes the instructions. On entry the stack holds argc, argv, a null, the environment, a null and what
 * else the kernel says; x0 is the C library's and stays. argc and argv move down, and the new pointers
 * go into the gaps.
 */
export function entryAarch64(task: EntryTask): Part[] {
  const { prefix: { limits = [], allowed }, late, texts } = task;
  return code(
    0xaa0003f4, // mov x20, x0
    ...limits.flatMap((limit) => checkLimit(limit, texts)),
    ...late === undefined ? [] : relocate(late, texts),
    ...insert(task),
    ...allowed === undefined ? [] : hideOthers(allowed, texts),
    0xaa1403e0, // mov x0, x20
    ...address(17, "entry"),
    0xd61f0220, // br x17
  );
}

/** Ends the program where a limit is too low. A kernel that does not say is believed to have none. */
function checkLimit({ resource, least, message }: Limit, texts: Texts): Part[] {
  const line = new TextEncoder().encode(`${message}\n`);
  const text = texts.add(line);
  const enough = `after ${text}`;
  return code(
    ...constant(0, 0),
    ...constant(1, resource),
    ...constant(2, 0),
    0xd10043e3, // sub x3, sp, #16
    ...constant(8, Aarch64.prlimit64),
    ...constant(9, least),
    SVC,
    branch(0xb5000000, enough), // cbnz x0, enough
    0xf85f03ea, // ldur x10, [sp, #-16]
    0xeb09015f, // cmp x10, x9
    branch(0x54000002, enough), // b.hs enough
    ...constant(0, 2),
    ...address(1, text),
    ...constant(2, line.length),
    ...constant(8, Aarch64.write),
    SVC,
    ...constant(0, 1),
    ...constant(8, Aarch64.exit_group),
    SVC,
    label(enough),
  );
}

/** Makes relocations; leaves x20 and the stack alone. */
function relocate({ start, end, words }: LateRelocations, texts: Texts): Part[] {
  return code(
    ...address(21, "base"),
    ...constant(0, start),
    0x8b150000, // add x0, x0, x21
    ...constant(1, end - start),
    ...constant(2, MADV_POPULATE_WRITE),
    ...constant(8, Aarch64.madvise),
    SVC, // older kernels refuse, and bring each page when it is written to
    ...address(9, texts.add(new Uint8Array(words.buffer))),
    ...constant(10, words.byteLength),
    0x8b09014a, // add x10, x10, x9
    label("next word"),
    0xf840852b, // ldr x11, [x9], #8
    branchOnBit(0x3700000b, "bits"), // tbnz w11, #0, bits
    0x8b0b02ac, // add x12, x21, x11
    0xf940018d, // ldr x13, [x12]
    0x8b1501ad, // add x13, x13, x21
    0xf800858d, // str x13, [x12], #8
    jump("more words"), // b more words
    label("bits"),
    0xd341fd6b, // lsr x11, x11, #1
    label("bit"), // there is at least one
    0xdac0016d, // rbit x13, x11
    0xdac011ad, // clz x13, x13
    0xf86d798e, // ldr x14, [x12, x13, lsl #3]
    0x8b1501ce, // add x14, x14, x21
    0xf82d798e, // str x14, [x12, x13, lsl #3]
    0xd100056d, // sub x13, x11, #1
    0xea0d016b, // ands x11, x11, x13
    branch(0x54000001, "bit"), // b.ne bit
    0x9100018c | PLACES * WORD << 10, // add x12, x12, #63 * 8
    label("more words"),
    0xeb0a013f, // cmp x9, x10
    branch(0x54000003, "next word"), // b.lo next word
  );
}

/** Puts the prefix on the stack; afterwards x11 is where the user's environment begins. */
function insert({ prefix, environ, texts }: EntryTask): Part[] {
  const { args } = prefix;
  const variables = addedVariables(prefix);
  const put = (text: Content): Part[] =>
    code(
      ...address(10, texts.add(text)),
      0xf800856a, // str x10, [x11], #8
    );
  const putCalledName = code(0xf800856d); // str x13, [x11], #8
  // The loader has given the C library the environment already, which now begins elsewhere.
  const tellLibrary = code(
    ...address(10, "environ"),
    0xf940014a, // ldr x10, [x10]
    0xf900014b, // str x11, [x10]
  );
  return code(
    0x910003e9, // mov x9, sp
    ...constant(10, WORD * (args.length + variables.length)),
    0xcb2a63ff, // sub sp, sp, x10
    0x910003eb, // mov x11, sp
    0xf840852c, // ldr x12, [x9], #8: argc
    ...constant(10, args.length),
    0x8b0a018a, // add x10, x12, x10
    0xf800856a, // str x10, [x11], #8
    0xf840852d, // ldr x13, [x9], #8: argv[0]
    0xf800856d, // str x13, [x11], #8
    ...args.flatMap((argument) => argument === CALLED_NAME ? putCalledName : put(argument)),
    // The rest of argv and its null, argc words:
    branch(0xb400000c, "copied"), // cbz x12, copied
    label("copy"),
    0xf840852a, // ldr x10, [x9], #8
    0xf800856a, // str x10, [x11], #8
    0xf100058c, // subs x12, x12, #1
    branch(0x54000001, "copy"), // b.ne copy
    label("copied"),
    ...environ ? tellLibrary : [],
    ...variables.flatMap(put),
  );
}

/** Puts the empty string in the place of each variable, from the one at x11, that is not allowed. */
function hideOthers(allowed: readonly string[], texts: Texts): Part[] {
  return code(
    label("next variable"),
    0xf940016a, // ldr x10, [x11]
    branch(0xb400000a, "done"), // cbz x10, done
    ...address(12, texts.add(nameTable(allowed))),
    label("name"),
    0x3940018d, // ldrb w13, [x12]
    branch(0x3400000d, "hide"), // cbz w13, hide
    0xaa0a03ee, // mov x14, x10
    label("letter"),
    0x3840158d, // ldrb w13, [x12], #1
    branch(0x3400000d, "keep"), // cbz w13, keep
    0x384015cf, // ldrb w15, [x14], #1
    0x6b0f01bf, // cmp w13, w15
    branch(0x54000000, "letter"), // b.eq letter
    label("rest"), // of the name that it is not
    0x3840158d, // ldrb w13, [x12], #1
    branch(0x3500000d, "rest"), // cbnz w13, rest
    jump("name"), // b name
    label("hide"),
    ...address(13, texts.add("")),
    0xf900016d, // str x13, [x11]
    label("keep"),
    0x9100216b, // add x11, x11, #8
    jump("next variable"), // b next variable
    label("done"),
  );
}
