/**
 * The instructions at a spliced program's entry, for x86_64.
 *
 * @module
 */
import { word32 } from "../../abi/layout.ts";
import { far, label, near, type Part } from "../../linux/assembler.ts";
import { MADV_POPULATE_WRITE } from "../../linux/constants.ts";
import { X86_64 } from "../../linux/syscalls.ts";
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

/**
 * Writes the instructions. On entry the stack holds argc, argv, a null, the environment, a null and what
 * else the kernel says; rdx is the C library's and stays. argc and argv move down, and the new pointers
 * go into the gaps.
 */
export function entryX86(task: EntryTask): Part[] {
  const { prefix: { limits = [], allowed }, late, texts } = task;
  // deno-fmt-ignore
  return [
    0x49, 0x89, 0xd1, // mov r9, rdx
    ...limits.flatMap((limit) => checkLimit(limit, texts)),
    ...late === undefined ? [] : relocate(late, texts),
    0x4c, 0x89, 0xca, // mov rdx, r9
    ...insert(task),
    ...allowed === undefined ? [] : hideOthers(allowed, texts),
    0xe9, far("entry"), // jmp entry
  ];
}

/** Ends the program where a limit is too low. A kernel that does not say is believed to have none. */
function checkLimit({ resource, least, message }: Limit, texts: Texts): Part[] {
  const line = new TextEncoder().encode(`${message}\n`);
  const text = texts.add(line);
  const enough = `after ${text}`;
  // deno-fmt-ignore
  return [
    0x31, 0xff, // xor edi, edi
    0xbe, word32(resource), // mov esi, resource
    0x31, 0xd2, // xor edx, edx
    0x4c, 0x8d, 0x54, 0x24, 0xf0, // lea r10, [rsp - 16]
    0xb8, word32(X86_64.prlimit64), // mov eax, …
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x75, near(enough), // jnz enough
    0x48, 0xb8, word32(Number(least & 0xffffffffn)), word32(Number(least >> 32n)), // mov rax, least
    0x48, 0x39, 0x44, 0x24, 0xf0, // cmp [rsp - 16], rax
    0x73, near(enough), // jae enough
    0xbf, word32(2), // mov edi, 2
    0x48, 0x8d, 0x35, far(text), // lea rsi, [line]
    0xba, word32(line.length), // mov edx, …
    0xb8, word32(X86_64.write), // mov eax, …
    0x0f, 0x05, // syscall
    0xbf, word32(1), // mov edi, 1
    0xb8, word32(X86_64.exit_group), // mov eax, …
    0x0f, 0x05, // syscall
    label(enough),
  ];
}

/** Makes relocations; leaves r9, the stack and the flags of strings alone. */
function relocate({ start, end, words }: LateRelocations, texts: Texts): Part[] {
  // deno-fmt-ignore
  return [
    0x4c, 0x8d, 0x05, far("base"), // lea r8, [base]
    0x49, 0x8d, 0xb8, word32(start), // lea rdi, [r8 + start]
    0xbe, word32(end - start), // mov esi, size
    0xba, word32(MADV_POPULATE_WRITE), // mov edx, …
    0xb8, word32(X86_64.madvise), // mov eax, …
    0x0f, 0x05, // syscall; older kernels refuse, and bring each page when it is written to
    0x48, 0x8d, 0x35, far(texts.add(new Uint8Array(words.buffer))), // lea rsi, [words]
    0x4c, 0x8d, 0x96, word32(words.byteLength), // lea r10, [rsi + size]
    label("next word"),
    0x48, 0xad, // lodsq
    0xa8, 0x01, // test al, 1
    0x75, near("bits"), // jnz bits
    0x49, 0x8d, 0x3c, 0x00, // lea rdi, [r8 + rax]
    0x4c, 0x01, 0x07, // add [rdi], r8
    0x48, 0x83, 0xc7, 0x08, // add rdi, 8
    0xeb, near("more words"), // jmp more words
    label("bits"),
    0x48, 0xd1, 0xe8, // shr rax, 1
    label("bit"), // there is at least one
    0x48, 0x0f, 0xbc, 0xc8, // bsf rcx, rax
    0x4c, 0x01, 0x04, 0xcf, // add [rdi + rcx * 8], r8
    0x48, 0x8d, 0x48, 0xff, // lea rcx, [rax - 1]
    0x48, 0x21, 0xc8, // and rax, rcx
    0x75, near("bit"), // jnz bit
    0x48, 0x81, 0xc7, word32(PLACES * WORD), // add rdi, 63 * 8
    label("more words"),
    0x4c, 0x39, 0xd6, // cmp rsi, r10
    0x72, near("next word"), // jb next word
  ];
}

/** Puts the prefix on the stack; afterwards rdi is where the user's environment begins. */
function insert({ prefix, environ, texts }: EntryTask): Part[] {
  const { args } = prefix;
  const variables = addedVariables(prefix);
  // deno-fmt-ignore
  const put = (text: Content): Part[] => [
    0x48, 0x8d, 0x05, far(texts.add(text)), // lea rax, [text]
    0x48, 0xab, // stosq
  ];
  // deno-fmt-ignore
  const putCalledName = [
    0x4c, 0x89, 0xc0, // mov rax, r8
    0x48, 0xab, // stosq
  ];
  // The loader has given the C library the environment already, which now begins elsewhere.
  // deno-fmt-ignore
  const tellLibrary = [
    0x48, 0x8b, 0x05, far("environ"), // mov rax, [environ]
    0x48, 0x89, 0x38, // mov [rax], rdi
  ];
  // deno-fmt-ignore
  return [
    0x48, 0x89, 0xe6, // mov rsi, rsp
    0x48, 0x81, 0xec, word32(WORD * (args.length + variables.length)), // sub rsp, …
    0x48, 0x89, 0xe7, // mov rdi, rsp
    0x48, 0xad, // lodsq: argc
    0x48, 0x89, 0xc1, // mov rcx, rax
    0x48, 0x05, word32(args.length), // add rax, …
    0x48, 0xab, // stosq
    0x48, 0xad, // lodsq: argv[0]
    0x49, 0x89, 0xc0, // mov r8, rax
    0x48, 0xab, // stosq
    ...args.flatMap((argument) => argument === CALLED_NAME ? putCalledName : put(argument)),
    0xf3, 0x48, 0xa5, // rep movsq: the rest of argv and its null, argc words
    ...environ ? tellLibrary : [],
    ...variables.flatMap(put),
  ];
}

/** Puts the empty string in the place of each variable, from the one at rdi, that is not allowed. */
function hideOthers(allowed: readonly string[], texts: Texts): Part[] {
  // deno-fmt-ignore
  return [
    label("next variable"),
    0x48, 0x8b, 0x0f, // mov rcx, [rdi]
    0x48, 0x85, 0xc9, // test rcx, rcx
    0x74, near("done"), // jz done
    0x48, 0x8d, 0x35, far(texts.add(nameTable(allowed))), // lea rsi, [names]
    label("name"),
    0x80, 0x3e, 0x00, // cmp byte [rsi], 0
    0x74, near("hide"), // je hide
    0x49, 0x89, 0xc8, // mov r8, rcx
    label("letter"),
    0xac, // lodsb
    0x84, 0xc0, // test al, al
    0x74, near("keep"), // jz keep
    0x41, 0x3a, 0x00, // cmp al, [r8]
    0x4d, 0x8d, 0x40, 0x01, // lea r8, [r8 + 1]
    0x74, near("letter"), // je letter
    label("rest"), // of the name that it is not
    0xac, // lodsb
    0x84, 0xc0, // test al, al
    0x75, near("rest"), // jnz rest
    0xeb, near("name"), // jmp name
    label("hide"),
    0x48, 0x8d, 0x05, far(texts.add("")), // lea rax, [empty]
    0x48, 0x89, 0x07, // mov [rdi], rax
    label("keep"),
    0x48, 0x83, 0xc7, 0x08, // add rdi, 8
    0xeb, near("next variable"), // jmp next variable
    label("done"),
  ];
}
