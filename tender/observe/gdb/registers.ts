/**
 * The registers, as a table in gdb's order. The target description and the packets `g`, `p`, `G` and `P`
 * are made from it.
 * Source: "Debugging with GDB", "Target Descriptions", "i386 Features".
 *
 * @module
 */
import { viewOf } from "../../../abi/layout.ts";
import { Fpu, type Registers, type SpecialRegisters } from "../../kvm/abi.ts";

/** The contents of a vCPU's registers. */
export interface CpuState {
  readonly general: Registers;
  readonly special: SpecialRegisters;
  /** `struct kvm_fpu`. */
  readonly floating: Uint8Array<ArrayBuffer>;
}

/** A register. */
export interface Register {
  readonly name: string;
  /** In bits. */
  readonly size: number;
  /** gdb's name of its type. */
  readonly type: string;
  get(state: CpuState): Uint8Array;
  /** Changes it in `state`; has no effect for a register that the machine does not have. */
  set(state: CpuState, bytes: Uint8Array): void;
}

/** A group of registers, with gdb's name for it. */
export interface Feature {
  readonly name: string;
  readonly registers: readonly Register[];
}

const GENERAL = [
  ...["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"] as const,
  ...["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const,
] as const;
const SEGMENTS = ["cs", "ss", "ds", "es", "fs", "gs"] as const;
/** The control registers of the x87 unit; KVM has those with an offset. */
const X87: readonly (readonly [name: string, offset?: number])[] = [
  ["fctrl", Fpu.offsets.fcw],
  ["fstat", Fpu.offsets.fsw],
  ["ftag"],
  ["fiseg"],
  ["fioff"],
  ["foseg"],
  ["fooff"],
  ["fop", Fpu.offsets.lastOpcode],
];
const X87_SIZE = 10;
const XMM_SIZE = 16;

/** Every register, in groups. */
export const FEATURES: readonly Feature[] = [
  {
    name: "org.gnu.gdb.i386.core",
    registers: [
      ...GENERAL.map((name) => general(name, pointerType(name))),
      general("rip", "code_ptr"),
      general("rflags", "int", { name: "eflags", size: 32 }),
      ...SEGMENTS.map(selector),
      ...numbered("st", 8, (index) => floating({ offset: 16 * index, size: X87_SIZE }, "i387_ext")),
      ...X87.map(([name, offset]) => x87(name, offset)),
    ],
  },
  {
    name: "org.gnu.gdb.i386.sse",
    registers: [
      ...numbered(
        "xmm",
        16,
        (index) =>
          floating({ offset: Fpu.offsets.xmm + XMM_SIZE * index, size: XMM_SIZE }, "vec128"),
      ),
      { name: "mxcsr", ...floating({ offset: Fpu.offsets.mxcsr, size: 4 }, "int") },
    ],
  },
  // Without this register gdb looks for no thread-local variables.
  { name: "org.gnu.gdb.i386.linux", registers: [absent("orig_rax", 64)] },
  { name: "org.gnu.gdb.i386.segments", registers: [segmentBase("fs"), segmentBase("gs")] },
];

/** Every register, by gdb's number for it. */
export const REGISTERS: readonly Register[] = FEATURES.flatMap(({ registers }) => registers);

/** The answer to `g`. */
export function readAll(state: CpuState): Uint8Array {
  const parts = REGISTERS.map((register) => register.get(state));
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Does what `G` asks for; registers past the end of `bytes` stay as they are. */
export function writeAll(state: CpuState, bytes: Uint8Array): void {
  let at = 0;
  for (const register of REGISTERS) {
    const end = at + register.size / 8;
    if (end > bytes.length) return;
    register.set(state, bytes.subarray(at, end));
    at = end;
  }
}

type RegisterAccess = Omit<Register, "name">;

function pointerType(name: string): string {
  return name === "rsp" || name === "rbp" ? "data_ptr" : "int64";
}

function general(
  field: keyof Registers,
  type: string,
  { name = field, size = 64 }: { name?: string; size?: number } = {},
): Register {
  return {
    name,
    size,
    type,
    get: ({ general }) => little(general[field], size),
    set: ({ general }, bytes) => void (general[field] = number(bytes)),
  };
}

function selector(name: (typeof SEGMENTS)[number]): Register {
  return {
    name,
    size: 32,
    type: "int",
    get: ({ special }) => little(BigInt(special[name].selector), 32),
    // A selector alone says nothing of the segment: loading one is the guest's affair.
    set: () => {},
  };
}

function segmentBase(name: "fs" | "gs"): Register {
  return {
    name: `${name}_base`,
    size: 64,
    type: "int64",
    get: ({ special }) => little(special[name].base, 64),
    set: ({ special }, bytes) => void (special[name].base = number(bytes)),
  };
}

function floating(
  { offset, size }: { offset: number; size: number },
  type: string,
): RegisterAccess {
  return {
    size: size * 8,
    type,
    get: ({ floating }) => floating.slice(offset, offset + size),
    set: ({ floating }, bytes) => floating.set(bytes, offset),
  };
}

/** gdb sees 32 bits of each, KVM has 16. */
function x87(name: string, offset: number | undefined): Register {
  if (offset === undefined) return absent(name, 32);
  return {
    name,
    size: 32,
    type: "int",
    get: ({ floating }) => little(BigInt(viewOf(floating).getUint16(offset, true)), 32),
    set: ({ floating }, bytes) => floating.set(bytes.subarray(0, 2), offset),
  };
}

/** A register that gdb expects, and that nothing stands behind. */
function absent(name: string, size: number): Register {
  return { name, size, type: "int", get: () => new Uint8Array(size / 8), set: () => {} };
}

function numbered(
  prefix: string,
  count: number,
  make: (index: number) => RegisterAccess,
): Register[] {
  return Array.from(
    { length: count },
    (_, index) => ({ name: `${prefix}${index}`, ...make(index) }),
  );
}

function little(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, value, true);
  return bytes.subarray(0, size / 8);
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value << 8n | BigInt(byte), 0n);
}

/** A 128-bit register as the vectors that it may hold. */
const VECTOR_TYPES = `
<vector id="v4f" type="ieee_single" count="4"/>
<vector id="v2d" type="ieee_double" count="2"/>
<vector id="v16i8" type="int8" count="16"/>
<vector id="v8i16" type="int16" count="8"/>
<vector id="v4i32" type="int32" count="4"/>
<vector id="v2i64" type="int64" count="2"/>
<union id="vec128">
<field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/>
<field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/>
<field name="uint128" type="uint128"/>
</union>`;

/** The description of an hvt guest on x86_64. */
export function targetXml(): string {
  const features = FEATURES.map(({ name, registers }) => {
    const lines = registers.map(({ name, size, type }) =>
      `<reg name="${name}" bitsize="${size}" type="${type}"/>`
    );
    const types = name.endsWith(".sse") ? VECTOR_TYPES : "";
    return `<feature name="${name}">${types}\n${lines.join("\n")}\n</feature>`;
  });
  // Only on this system does gdb ask for the addresses of thread-local variables.
  return `<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>i386:x86-64</architecture>
<osabi>GNU/Linux</osabi>
${features.join("\n")}
</target>
`;
}
