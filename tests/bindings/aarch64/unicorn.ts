/**
 * An aarch64 CPU of an independent emulator, the library Unicorn. It runs without page tables: virtual
 * addresses are physical ones, and ranges are protected as they are mapped.
 *
 * @module
 */
import { struct, u32, u64 } from "../../../abi/layout.ts";

const LIBRARY = "libunicorn.so.2";

const SYMBOLS = {
  uc_open: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  uc_close: { parameters: ["pointer"], result: "i32" },
  uc_mem_map_ptr: { parameters: ["pointer", "u64", "u64", "u32", "buffer"], result: "i32" },
  uc_mmio_map: {
    parameters: ["pointer", "u64", "u64", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  uc_hook_add: {
    parameters: ["pointer", "buffer", "i32", "pointer", "pointer", "u64", "u64"],
    result: "i32",
  },
  uc_reg_read: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  uc_reg_write: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  uc_emu_start: { parameters: ["pointer", "u64", "u64", "u64", "u64"], result: "i32" },
  uc_emu_stop: { parameters: ["pointer"], result: "i32" },
} as const;

const ARCH_ARM64 = 2;
const MODE_ARM = 0;
const PROTECTION = { read: 1, write: 2, execute: 4 } as const;
const HOOK = { interrupt: 1, code: 4, invalidMemory: 0x3f0 } as const;

/** `uc_mem_type` of refused accesses: the kind of access, and whether there is memory at all. */
const REFUSED: Readonly<Record<number, Pick<Refused, "access" | "mapped">>> = {
  19: { access: "read", mapped: false },
  20: { access: "write", mapped: false },
  21: { access: "fetch", mapped: false },
  22: { access: "write", mapped: true },
  23: { access: "read", mapped: true },
  24: { access: "fetch", mapped: true },
};

/** `uc_arm64_reg` of registers that have a number of their own. */
const REGISTERS = { sp: 4, pc: 260, cpacr: 261, threadPointer: 262, pstate: 265 } as const;
const X0 = 199;
const X29 = 1;
const SYSTEM_REGISTER = 290;

/** `uc_arm64_cp_reg`: how an instruction names a register, and its value. */
const SystemRegister = struct({ crn: u32, crm: u32, op0: u32, op1: u32, op2: u32, value: u64 });

/** Registers that exceptions use, as `op0, op1, CRn, CRm, op2`. */
const SYSTEM = {
  SPSR_EL1: [3, 0, 4, 0, 0],
  ELR_EL1: [3, 0, 4, 0, 1],
  ESR_EL1: [3, 0, 5, 2, 0],
  FAR_EL1: [3, 0, 6, 0, 0],
  VBAR_EL1: [3, 0, 12, 0, 0],
} as const;

/** A register: x0 to x30 by their numbers, others by name. */
export type Register = number | keyof typeof REGISTERS | keyof typeof SYSTEM;

/** An access to memory that does not exist, or does not allow it. */
export interface Refused {
  readonly kind: "refused";
  readonly access: "read" | "write" | "fetch";
  /** Whether there is memory. */
  readonly mapped: boolean;
  readonly address: number;
}

/** Why the CPU stopped; for an exception, its number in the emulator. */
export type Stop =
  | { readonly kind: "stopped" }
  | { readonly kind: "exception"; readonly number: number }
  | Refused;

/** The emulator's numbers of exceptions. */
export const EXCEPTIONS = { undefined: 1, supervisorCall: 2, breakpoint: 7 } as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

function open(): Library | string {
  try {
    return Deno.dlopen(LIBRARY, SYMBOLS).symbols;
  } catch {
    return `${LIBRARY} is missing: install libunicorn2`;
  }
}

const library = open();

/** Why there is no emulator on this machine; undefined if there is. */
export const noUnicorn: string | undefined = typeof library === "string" ? library : undefined;

/** One CPU, with memory that it shares with its user. */
export class Emulator implements Disposable {
  readonly #unicorn: Library;
  readonly #engine: Deno.PointerValue;
  readonly #resources = new DisposableStack();
  /** Memory and callbacks that only the emulator refers to. */
  readonly #kept: unknown[] = [];
  #stop: Stop = { kind: "stopped" };
  #thrown: { error: unknown } | undefined;

  constructor() {
    if (typeof library === "string") throw new Error(library);
    this.#unicorn = library;
    const handle = new BigUint64Array(1);
    check(library.uc_open(ARCH_ARM64, MODE_ARM, handle), "uc_open");
    this.#engine = Deno.UnsafePointer.create(handle[0]!);
    this.#resources.defer(() => void library.uc_close(this.#engine));
    // The program counter is exact at every instruction where there is a hook for each.
    this.#hook(
      HOOK.code,
      { parameters: ["pointer", "u64", "u32", "pointer"], result: "void" },
      () => {},
    );
    this.#hook(
      HOOK.interrupt,
      { parameters: ["pointer", "u32", "pointer"], result: "void" },
      (_engine, number) => this.stop({ kind: "exception", number }),
    );
    this.#hook(
      HOOK.invalidMemory,
      { parameters: ["pointer", "i32", "u64", "i32", "i64", "pointer"], result: "bool" },
      (_engine, type, address) => {
        this.#stop = { kind: "refused", ...REFUSED[type]!, address: Number(address) };
        return false;
      },
    );
  }

  /** Puts memory at an address; both in whole pages. */
  map(
    address: number,
    memory: Uint8Array<ArrayBuffer>,
    allowed: { read: boolean; write: boolean; execute: boolean },
  ): void {
    this.#kept.push(memory);
    const names = ["read", "write", "execute"] as const;
    const bits = names.reduce((bits, name) => allowed[name] ? bits | PROTECTION[name] : bits, 0);
    const { length } = memory;
    check(
      this.#unicorn.uc_mem_map_ptr(this.#engine, BigInt(address), BigInt(length), bits, memory),
      "uc_mem_map_ptr",
    );
  }

  /** Calls a function for each store to a range of whole pages; loads from there give 0. */
  onStore(
    range: { address: number; size: number },
    store: (offset: number, width: number, value: number) => void,
  ): void {
    const load = this.#callback(
      { parameters: ["pointer", "u64", "u32", "pointer"], result: "u64" },
      () => 0n,
    );
    const stored = this.#callback(
      { parameters: ["pointer", "u64", "u32", "u64", "pointer"], result: "void" },
      (_engine, offset, width, value) => {
        // Nothing may be thrown through the emulator.
        try {
          store(Number(offset), width, Number(value));
        } catch (error) {
          this.#thrown = { error };
          this.stop();
        }
      },
    );
    const { address, size } = range;
    const at = [BigInt(address), BigInt(size)] as const;
    check(
      this.#unicorn.uc_mmio_map(this.#engine, ...at, load, null, stored, null),
      "uc_mmio_map",
    );
  }

  get(register: Register): bigint {
    return this.#access(register, this.#unicorn.uc_reg_read);
  }

  set(register: Register, value: bigint | number): void {
    this.#access(register, this.#unicorn.uc_reg_write, BigInt(value));
  }

  /** Ends {@linkcode run} soon: after a store, at the next branch. */
  stop(reason: Stop = { kind: "stopped" }): void {
    this.#stop = reason;
    this.#unicorn.uc_emu_stop(this.#engine);
  }

  /** Runs from where the program counter is until something stops it. */
  run(): Stop {
    this.#stop = { kind: "stopped" };
    const until = 2n ** 64n - 1n;
    const error = this.#unicorn.uc_emu_start(this.#engine, this.get("pc"), until, 0n, 0n);
    if (this.#thrown !== undefined) throw this.#thrown.error;
    if (this.#stop.kind === "stopped") check(error, "uc_emu_start");
    return this.#stop;
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }

  #access(
    register: Register,
    call: Library["uc_reg_read"] | Library["uc_reg_write"],
    value = 0n,
  ): bigint {
    if (typeof register === "string" && register in SYSTEM) {
      const [op0, op1, crn, crm, op2] = SYSTEM[register as keyof typeof SYSTEM];
      const name = SystemRegister.encode({ crn, crm, op0, op1, op2, value });
      check(call(this.#engine, SYSTEM_REGISTER, name), register);
      return SystemRegister.read(new DataView(name.buffer), 0).value;
    }
    const number = typeof register === "string"
      ? REGISTERS[register as keyof typeof REGISTERS]
      : register < 29
      ? X0 + register
      : X29 + register - 29;
    const word = new BigUint64Array([value]);
    check(call(this.#engine, number, word), `register ${register}`);
    return word[0]!;
  }

  #hook<const D extends Deno.UnsafeCallbackDefinition>(
    kind: number,
    definition: D,
    callback: Deno.UnsafeCallbackFunction<D["parameters"], D["result"]>,
  ): void {
    const pointer = this.#callback(definition, callback);
    // A range that begins after its end stands for all addresses.
    const handle = new BigUint64Array(1);
    check(
      this.#unicorn.uc_hook_add(this.#engine, handle, kind, pointer, null, 1n, 0n),
      "uc_hook_add",
    );
  }

  #callback<const D extends Deno.UnsafeCallbackDefinition>(
    definition: D,
    callback: Deno.UnsafeCallbackFunction<D["parameters"], D["result"]>,
  ): Deno.PointerValue {
    const made = new Deno.UnsafeCallback(definition, callback);
    this.#resources.defer(() => made.close());
    return made.pointer;
  }
}

function check(error: number, what: string): void {
  if (error !== 0) throw new Error(`${what}: unicorn error ${error}`);
}
