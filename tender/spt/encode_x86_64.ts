/**
 * From a launch program to the machine code and constants of its page, for x86_64 Linux.
 *
 * It needs no stack, which it unmaps on the way. When a step fails, rbx and r12 hold the address and
 * length of the text to write, and r13 the failed call's result.
 *
 * @module
 */
import { alignUp } from "../../abi/layout.ts";
import { CONDITION, type Label, REGISTER, type Register, X86Assembler } from "./asm_x86_64.ts";
import {
  type CallStep,
  type CheckStep,
  type Data,
  data,
  type LaunchProgram,
  type Operand,
  REASONS,
} from "./launch.ts";
import { LINUX, type SystemCall } from "./syscalls.ts";

/** Where Linux takes a system call's arguments. */
const ARGUMENTS: readonly Register[] = ["rdi", "rsi", "rdx", "r10", "r8", "r9"];
const REGISTERS = Object.keys(REGISTER) as Register[];

/** Addresses of what a program is encoded to. */
export interface Placement {
  /** Of the code and its constants, to be mapped readable and executable. */
  readonly code: number;
  /** Of the bytes that the kernel writes into, to be mapped readable and writable. */
  readonly scratch: number;
}

/** An encoded program; whole pages are up to the caller. */
export interface Encoded {
  readonly code: Uint8Array<ArrayBuffer>;
  readonly scratch: Uint8Array<ArrayBuffer>;
}

/** Encodes a program. */
export function encodeX86(program: LaunchProgram, placement: Placement): Encoded {
  return new Encoder(program, placement).encode();
}

class Encoder {
  readonly #asm = new X86Assembler();
  readonly #program: LaunchProgram;
  readonly #placement: Placement;
  readonly #constants = new Map<Data, Label>();
  /** Offsets of writable data in the scratch area. */
  readonly #writable = new Map<Data, number>();
  #scratchSize = 0;
  readonly #failures: { label: Label; text: string; reason: boolean }[] = [];

  constructor(program: LaunchProgram, placement: Placement) {
    this.#program = program;
    this.#placement = placement;
  }

  encode(): Encoded {
    for (const step of this.#program.steps) {
      if ("call" in step) this.#call(step);
      else this.#check(step);
    }
    this.#enter();
    this.#fail();
    this.#layConstants();
    return { code: this.#asm.finish(this.#placement.code), scratch: this.#scratch() };
  }

  #call({ call, args, purpose, expect }: CallStep): void {
    this.#syscall(call, args);
    if (purpose !== undefined) {
      this.#asm.testResult();
      this.#asm.jumpIf(CONDITION.negative, this.#failure(`cannot ${purpose}: `, true));
    }
    if (expect !== undefined) {
      this.#asm.load("rcx", expect.result);
      this.#asm.compareRegisters("rax", "rcx");
      this.#asm.jumpIf(CONDITION.notEqual, this.#failure(`${expect.complaint}\n`, false));
    }
  }

  #check({ data, at, mask, equals, complaint }: CheckStep): void {
    this.#load("rsi", data);
    this.#asm.loadWord("rax", "rsi", at);
    this.#asm.and("rax", mask);
    this.#asm.load("rcx", equals);
    this.#asm.compareRegisters("rax", "rcx");
    this.#asm.jumpIf(CONDITION.notEqual, this.#failure(`${complaint}\n`, false));
  }

  #failure(text: string, reason: boolean): Label {
    const label = Symbol(text);
    this.#failures.push({ label, text, reason });
    return label;
  }

  #syscall(call: SystemCall, args: readonly Operand[]): void {
    args.forEach((arg, index) => this.#load(ARGUMENTS[index]!, arg));
    this.#asm.load("rax", LINUX.x86_64!.calls[call]);
    this.#asm.syscall();
  }

  #load(register: Register, operand: Operand): void {
    if (typeof operand === "number") this.#asm.load(register, operand);
    else if (operand.kind === "previous") this.#asm.move(register, "rax");
    else if (operand.writable) this.#asm.load(register, this.#writableAddress(operand));
    else this.#asm.loadAddress(register, this.#constant(operand));
  }

  #enter(): void {
    const { address, stack, argument } = this.#program.entry;
    for (const register of REGISTERS) {
      if (register !== "rax") this.#asm.load(register, 0);
    }
    this.#asm.load("rsp", stack);
    this.#asm.load("rdi", argument);
    this.#asm.load("rax", address);
    this.#asm.jumpRegister("rax");
  }

  /** A stub for each failure that chooses its text, then the code that they share: say it, exit. */
  #fail(): void {
    const say = Symbol("say");
    const sayWithReason = Symbol("say with reason");
    for (const { label, text, reason } of this.#failures) {
      this.#asm.label(label);
      this.#choose(`${this.#program.name}: ${text}`);
      this.#asm.jump(reason ? sayWithReason : say);
    }
    this.#asm.label(sayWithReason);
    this.#asm.move("r13", "rax");
    this.#write();
    this.#chooseReason();
    this.#asm.label(say);
    this.#write();
    this.#syscall("exit_group", [1]);
  }

  #chooseReason(): void {
    const chosen = Symbol("chosen");
    for (const [errno, reason] of Object.entries(REASONS)) {
      const other = Symbol("other reason");
      this.#asm.compare("r13", -Number(errno));
      this.#asm.jumpIf(CONDITION.notEqual, other);
      this.#choose(`${reason}\n`);
      this.#asm.jump(chosen);
      this.#asm.label(other);
    }
    this.#choose("the kernel refuses\n");
    this.#asm.label(chosen);
  }

  #choose(text: string): void {
    const constant = data(text);
    this.#asm.loadAddress("rbx", this.#constant(constant));
    this.#asm.load("r12", constant.bytes.length);
  }

  /** Writes the text at rbx to standard error, or to standard output if that is closed by now. */
  #write(): void {
    const written = Symbol("written");
    for (const descriptor of [2, 1]) {
      this.#asm.load("rdi", descriptor);
      this.#asm.move("rsi", "rbx");
      this.#asm.move("rdx", "r12");
      this.#syscall("write", []);
      this.#asm.testResult();
      this.#asm.jumpIf(CONDITION.notNegative, written);
    }
    this.#asm.label(written);
  }

  #constant(constant: Data): Label {
    let label = this.#constants.get(constant);
    if (label === undefined) {
      label = Symbol("constant");
      this.#constants.set(constant, label);
      for (const { to } of constant.pointers) this.#constant(to);
    }
    return label;
  }

  #writableAddress(scratch: Data): number {
    let offset = this.#writable.get(scratch);
    if (offset === undefined) {
      offset = this.#scratchSize;
      this.#writable.set(scratch, offset);
      this.#scratchSize = alignUp(offset + scratch.bytes.length, 8);
      for (const { to } of scratch.pointers) this.#writableAddress(to);
    }
    return this.#placement.scratch + offset;
  }

  #layConstants(): void {
    for (const [{ bytes, pointers }, label] of this.#constants) {
      if (pointers.length > 0) this.#asm.align(8);
      this.#asm.label(label);
      let at = 0;
      for (const pointer of pointers) {
        this.#asm.raw(bytes.subarray(at, pointer.at));
        this.#asm.address(this.#constant(pointer.to));
        at = pointer.at + 8;
      }
      this.#asm.raw(bytes.subarray(at));
    }
  }

  #scratch(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.#scratchSize);
    const view = new DataView(result.buffer);
    for (const [{ bytes, pointers }, offset] of this.#writable) {
      result.set(bytes, offset);
      for (const { at, to } of pointers) {
        view.setBigUint64(offset + at, BigInt(this.#writableAddress(to)), true);
      }
    }
    return result;
  }
}
