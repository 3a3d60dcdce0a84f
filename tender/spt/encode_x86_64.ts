/**
 * From a launch program to the machine code and constants of its page, for x86_64 Linux.
 *
 * It needs no stack, which it unmaps on the way. When a step fails, rbx and r12 hold the address and
 * length of the text to write, and r13 the failed call's result.
 *
 * @module
 */
import { CONDITION, type Label, REGISTER, type Register, X86Assembler } from "./asm_x86_64.ts";
import { type Data, data, type LaunchProgram, type Operand, REASONS, type Step } from "./launch.ts";
import { LINUX, type SystemCall } from "./syscalls.ts";

/** Where Linux takes a system call's arguments. */
const ARGUMENTS: readonly Register[] = ["rdi", "rsi", "rdx", "r10", "r8", "r9"];

/**
 * Encodes a program.
 *
 * @param base address of the launch page
 * @returns code and constants; whole pages are up to the caller
 */
export function encodeX86(program: LaunchProgram, base: number): Uint8Array<ArrayBuffer> {
  return new Encoder(program).encode(base);
}

class Encoder {
  readonly #asm = new X86Assembler();
  readonly #program: LaunchProgram;
  readonly #constants = new Map<Data, Label>();
  readonly #failures: { label: Label; purpose: string }[] = [];

  constructor(program: LaunchProgram) {
    this.#program = program;
  }

  encode(base: number): Uint8Array<ArrayBuffer> {
    for (const step of this.#program.steps) this.#step(step);
    this.#enter();
    if (this.#failures.length > 0) this.#fail();
    this.#layConstants();
    return this.#asm.finish(base);
  }

  #step({ call, args, purpose }: Step): void {
    this.#syscall(call, args);
    if (purpose === undefined) return;
    const label = Symbol(purpose);
    this.#failures.push({ label, purpose });
    this.#asm.testResult();
    this.#asm.jumpIf(CONDITION.negative, label);
  }

  #syscall(call: SystemCall, args: readonly Operand[]): void {
    args.forEach((arg, index) => this.#load(ARGUMENTS[index]!, arg));
    this.#asm.load("rax", LINUX.x86_64!.calls[call]);
    this.#asm.syscall();
  }

  #load(register: Register, operand: Operand): void {
    if (typeof operand === "number") this.#asm.load(register, operand);
    else if (operand.kind === "previous") this.#asm.move(register, "rax");
    else this.#asm.loadAddress(register, this.#constant(operand));
  }

  #enter(): void {
    const { address, stack, argument } = this.#program.entry;
    for (const register of Object.keys(REGISTER) as Register[]) {
      if (register !== "rax") this.#asm.load(register, 0);
    }
    this.#asm.load("rsp", stack);
    this.#asm.load("rdi", argument);
    this.#asm.load("rax", address);
    this.#asm.jumpRegister("rax");
  }

  /** A stub for each failure that names the step, then the code that they share: say why, exit. */
  #fail(): void {
    const common = Symbol("fail");
    for (const { label, purpose } of this.#failures) {
      this.#asm.label(label);
      this.#choose(`${this.#program.name}: cannot ${purpose}: `);
      this.#asm.jump(common);
    }
    this.#asm.label(common);
    this.#asm.move("r13", "rax");
    this.#write();
    this.#chooseReason();
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
}
