/**
 * The instructions at a spliced program's entry, for x86_64.
 *
 * @module
 */
import { MADV_POPULATE_WRITE } from "../../linux/constants.ts";
import { word32 } from "../../abi/layout.ts";
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
import { X86_64 } from "../../linux/syscalls.ts";
import { type LateRelocations, PLACES, WORD } from "./late_relocations.ts";

/** Code that is being written, with its references. */
class Writer {
  readonly code: number[] = [];
  readonly references: Reference[] = [];

  put(...bytes: number[]): void {
    this.code.push(...bytes);
  }

  /** The last operand of an instruction: the distance to something behind the code. */
  refer(to: Reference["to"]): void {
    this.references.push({ at: this.code.length, from: this.code.length + 4, to });
    this.code.push(...word32(0));
  }

  /** The last operand of an instruction: the distance to an address, where the code lies at `at`. */
  reach(address: number, at: number): void {
    this.code.push(...word32(address - (at + this.code.length + 4)));
  }
}

/**
 * Writes the instructions. On entry the stack holds argc, argv, a null, the environment, a null and what
 * else the kernel says; rdx is the C library's and stays. argc and argv move down, and the new pointers
 * go into the gaps.
 */
export function entryX86(prefix: Prefix, target: EntryTarget): EntryCode {
  const writer = new Writer();
  writer.put(0x49, 0x89, 0xd1); // mov r9, rdx
  for (const limit of prefix.limits ?? []) checkLimit(writer, limit);
  if (target.late !== undefined) relocate(writer, target.late, target.at);
  writer.put(0x4c, 0x89, 0xca); // mov rdx, r9
  insert(writer, prefix, target);
  if (prefix.allowed !== undefined) hideOthers(writer, prefix.allowed);
  writer.put(0xe9); // jmp entry
  writer.reach(target.entry, target.at);
  return writer;
}

/** Ends the program where a limit is too low. A kernel that does not say is believed to have none. */
function checkLimit(writer: Writer, { resource, least, message }: Limit): void {
  const line = new TextEncoder().encode(`${message}\n`);
  const [low, high] = [Number(least & 0xffffffffn), Number(least >> 32n)];
  // deno-fmt-ignore
  writer.put(
    0x31, 0xff, // xor edi, edi
    0xbe, ...word32(resource), // mov esi, …
    0x31, 0xd2, // xor edx, edx
    0x4c, 0x8d, 0x54, 0x24, 0xf0, // lea r10, [rsp - 16]
    0xb8, ...word32(X86_64.prlimit64), // mov eax, …
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x75, 0x35, // jnz enough
    0x48, 0xb8, ...word32(low), ...word32(high), // mov rax, least
    0x48, 0x39, 0x44, 0x24, 0xf0, // cmp [rsp - 16], rax
    0x73, 0x24, // jae enough
    0xbf, ...word32(2), // mov edi, 2
    0x48, 0x8d, 0x35, // lea rsi, [line]
  );
  writer.refer(line);
  // deno-fmt-ignore
  writer.put(
    0xba, ...word32(line.length), // mov edx, …
    0xb8, ...word32(X86_64.write), // mov eax, …
    0x0f, 0x05, // syscall
    0xbf, ...word32(1), // mov edi, 1
    0xb8, ...word32(X86_64.exit_group), // mov eax, …
    0x0f, 0x05, // syscall
    // enough:
  );
}

/** Makes relocations; leaves r9, the stack and the flags of strings alone. */
function relocate(writer: Writer, { start, end, words }: LateRelocations, at: number): void {
  writer.put(0x4c, 0x8d, 0x05); // lea r8, [base]
  writer.reach(0, at);
  // deno-fmt-ignore
  writer.put(
    0x49, 0x8d, 0xb8, ...word32(start), // lea rdi, [r8 + start]
    0xbe, ...word32(end - start), // mov esi, size
    0xba, ...word32(MADV_POPULATE_WRITE), // mov edx, …
    0xb8, ...word32(X86_64.madvise), // mov eax, …
    0x0f, 0x05, // syscall; older kernels refuse, and bring each page when it is written to
    0x48, 0x8d, 0x35, // lea rsi, [words]
  );
  writer.refer(new Uint8Array(words.buffer));
  // deno-fmt-ignore
  writer.put(
    0x4c, 0x8d, 0x96, ...word32(words.byteLength), // lea r10, [rsi + size]
    // next:
    0x48, 0xad, // lodsq
    0xa8, 0x01, // test al, 1
    0x75, 0x0d, // jnz bits
    0x49, 0x8d, 0x3c, 0x00, // lea rdi, [r8 + rax]
    0x4c, 0x01, 0x07, // add [rdi], r8
    0x48, 0x83, 0xc7, 0x08, // add rdi, 8
    0xeb, 0x1b, // jmp more
    // bits:
    0x48, 0xd1, 0xe8, // shr rax, 1
    // bit: there is at least one
    0x48, 0x0f, 0xbc, 0xc8, // bsf rcx, rax
    0x4c, 0x01, 0x04, 0xcf, // add [rdi + rcx * 8], r8
    0x48, 0x8d, 0x48, 0xff, // lea rcx, [rax - 1]
    0x48, 0x21, 0xc8, // and rax, rcx
    0x75, 0xef, // jnz bit
    0x48, 0x81, 0xc7, ...word32(PLACES * WORD), // add rdi, 63 * 8
    // more:
    0x4c, 0x39, 0xd6, // cmp rsi, r10
    0x72, 0xcd, // jb next
  );
}

/** Puts the prefix on the stack; afterwards rdi is where the user's environment begins. */
function insert(writer: Writer, prefix: Prefix, { environ, at }: EntryTarget): void {
  const variables = addedVariables(prefix);
  const { args } = prefix;
  const put = (to: Reference["to"]) => {
    writer.put(0x48, 0x8d, 0x05); // lea rax, [text]
    writer.refer(to);
    writer.put(0x48, 0xab); // stosq
  };
  // deno-fmt-ignore
  writer.put(
    0x48, 0x89, 0xe6, // mov rsi, rsp
    0x48, 0x81, 0xec, ...word32(WORD * (args.length + variables.length)), // sub rsp, …
    0x48, 0x89, 0xe7, // mov rdi, rsp
    0x48, 0xad, // lodsq: argc
    0x48, 0x89, 0xc1, // mov rcx, rax
    0x48, 0x05, ...word32(args.length), // add rax, …
    0x48, 0xab, // stosq
    0x48, 0xad, // lodsq: argv[0]
    0x49, 0x89, 0xc0, // mov r8, rax
    0x48, 0xab, // stosq
  );
  for (const argument of args) {
    if (argument !== CALLED_NAME) put(argument);
    else writer.put(0x4c, 0x89, 0xc0, 0x48, 0xab); // mov rax, r8; stosq
  }
  writer.put(0xf3, 0x48, 0xa5); // rep movsq: the rest of argv and its null, argc words
  if (environ !== undefined) {
    // The loader has given the C library the environment already, which now begins here.
    writer.put(0x48, 0x8b, 0x05); // mov rax, [slot]
    writer.reach(environ, at);
    writer.put(0x48, 0x89, 0x38); // mov [rax], rdi
  }
  for (const variable of variables) put(variable);
}

/** Puts the empty string in the place of each variable, from the one at rdi, that is not allowed. */
function hideOthers(writer: Writer, allowed: readonly string[]): void {
  // deno-fmt-ignore
  writer.put(
    // next:
    0x48, 0x8b, 0x0f, // mov rcx, [rdi]
    0x48, 0x85, 0xc9, // test rcx, rcx
    0x74, 0x34, // jz done
    0x48, 0x8d, 0x35, // lea rsi, [names]
  );
  writer.refer(nameTable(allowed));
  // deno-fmt-ignore
  writer.put(
    // name:
    0x80, 0x3e, 0x00, // cmp byte [rsi], 0
    0x74, 0x18, // je hide
    0x49, 0x89, 0xc8, // mov r8, rcx
    // letter:
    0xac, // lodsb
    0x84, 0xc0, // test al, al
    0x74, 0x1a, // jz keep
    0x41, 0x3a, 0x00, // cmp al, [r8]
    0x4d, 0x8d, 0x40, 0x01, // lea r8, [r8 + 1]
    0x74, 0xf2, // je letter
    // rest:
    0xac, // lodsb
    0x84, 0xc0, // test al, al
    0x75, 0xfb, // jnz rest
    0xeb, 0xe3, // jmp name
    // hide:
    0x48, 0x8d, 0x05, // lea rax, [empty]
  );
  writer.refer("");
  // deno-fmt-ignore
  writer.put(
    0x48, 0x89, 0x07, // mov [rdi], rax
    // keep:
    0x48, 0x83, 0xc7, 0x08, // add rdi, 8
    0xeb, 0xc4, // jmp next
    // done:
  );
}
