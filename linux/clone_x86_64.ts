/**
 * The code that starts a program in a child process, for x86_64 Linux: `vfork` and `execveat` as one call,
 * since nothing else of this program may run in the child, whose memory is that of its parent.
 *
 * It is a function of C with one parameter, the address of a {@linkcode Plan}, and returns the process's id
 * or a negative `errno`. Register: rbx the plan. The child uses no stack. Source of the encodings: Intel SDM,
 * volume 2; of the flags: clone(2).
 *
 * @module
 */
import { i32, struct, u64, usize, word32 } from "../abi/layout.ts";
import { assemble, label, near } from "./assembler.ts";
import { AT_EMPTY_PATH, SIG_SETMASK } from "./constants.ts";
import { X86_64 } from "./syscalls.ts";

/** What to start, and what came of it. */
export const Plan = struct({
  /** Descriptor of the program's file. */
  file: usize,
  /** Address of an empty text. */
  path: usize,
  /** Addresses of the arguments, and of the variables: lists that end with 0. */
  args: usize,
  variables: usize,
  /** Descriptors for its standard input, output and error, each of them that one or none of the three. */
  input: usize,
  output: usize,
  error: usize,
  /** All signals, which the child blocks until its program does otherwise. */
  signals: u64,
  /** Set to the signals that this thread blocks. */
  blocked: u64,
  /** Set to a descriptor of the process. */
  process: i32,
  /** Set to a negative `errno` where the child failed. */
  failure: i32,
  /** Address of its other descriptors: pairs of an i32 that it is copied from and its number; then -1. */
  others: usize,
});

/** `CLONE_VM`, `CLONE_PIDFD`, `CLONE_VFORK` and, for the end, `SIGCHLD`. */
const FLAGS = 0x5111;
/** Size of the kernel's `sigset_t`, in bytes. */
const SIGNALS_SIZE = 8;
/** The status of a child that failed. */
const FAILED = 127;

// deno-fmt-ignore
const CODE = assemble([
  0x53, // push rbx
  0x48, 0x89, 0xfb, // mov rbx, rdi
  0xb8, ...word32(X86_64.rt_sigprocmask), // mov eax, X86_64.rt_sigprocmask
  0xbf, ...word32(SIG_SETMASK), // mov edi, SIG_SETMASK
  0x48, 0x8d, 0x73, 0x38, // lea rsi, [rbx + 56]
  0x48, 0x8d, 0x53, 0x40, // lea rdx, [rbx + 64]
  0x41, 0xba, ...word32(SIGNALS_SIZE), // mov r10d, SIGNALS_SIZE
  0x0f, 0x05, // syscall
  0xb8, ...word32(X86_64.clone), // mov eax, X86_64.clone
  0xbf, ...word32(FLAGS), // mov edi, FLAGS
  0x31, 0xf6, // xor esi, esi
  0x48, 0x8d, 0x53, 0x48, // lea rdx, [rbx + 72]
  0x45, 0x31, 0xd2, // xor r10d, r10d
  0x45, 0x31, 0xc0, // xor r8d, r8d
  0x0f, 0x05, // syscall
  0x48, 0x85, 0xc0, // test rax, rax
  0x74, near("child"), // je child
  0x50, // push rax
  0xb8, ...word32(X86_64.rt_sigprocmask), // mov eax, X86_64.rt_sigprocmask
  0xbf, ...word32(SIG_SETMASK), // mov edi, SIG_SETMASK
  0x48, 0x8d, 0x73, 0x40, // lea rsi, [rbx + 64]
  0x31, 0xd2, // xor edx, edx
  0x41, 0xba, ...word32(SIGNALS_SIZE), // mov r10d, SIGNALS_SIZE
  0x0f, 0x05, // syscall
  0x58, // pop rax
  0x5b, // pop rbx
  0xc3, // ret
  label("child"),
  0x4c, 0x8b, 0x63, 0x50, // mov r12, [rbx + 80]
  label("other"),
  0x41, 0x8b, 0x3c, 0x24, // mov edi, [r12]
  0x85, 0xff, // test edi, edi
  0x78, near("standard"), // js standard
  0xb8, ...word32(X86_64.dup2), // mov eax, X86_64.dup2
  0x41, 0x8b, 0x74, 0x24, 0x04, // mov esi, [r12 + 4]
  0x0f, 0x05, // syscall
  0x48, 0x85, 0xc0, // test rax, rax
  0x78, near("failed"), // js failed
  0x49, 0x83, 0xc4, 0x08, // add r12, 8
  0xeb, near("other"), // jmp other
  label("standard"),
  0xb8, ...word32(X86_64.dup2), // mov eax, X86_64.dup2
  0x48, 0x8b, 0x7b, 0x20, // mov rdi, [rbx + 32]
  0x31, 0xf6, // xor esi, esi
  0x0f, 0x05, // syscall
  0x48, 0x85, 0xc0, // test rax, rax
  0x78, near("failed"), // js failed
  0xb8, ...word32(X86_64.dup2), // mov eax, X86_64.dup2
  0x48, 0x8b, 0x7b, 0x28, // mov rdi, [rbx + 40]
  0xbe, ...word32(1), // mov esi, 1
  0x0f, 0x05, // syscall
  0x48, 0x85, 0xc0, // test rax, rax
  0x78, near("failed"), // js failed
  0xb8, ...word32(X86_64.dup2), // mov eax, X86_64.dup2
  0x48, 0x8b, 0x7b, 0x30, // mov rdi, [rbx + 48]
  0xbe, ...word32(2), // mov esi, 2
  0x0f, 0x05, // syscall
  0x48, 0x85, 0xc0, // test rax, rax
  0x78, near("failed"), // js failed
  0xb8, ...word32(X86_64.execveat), // mov eax, X86_64.execveat
  0x48, 0x8b, 0x3b, // mov rdi, [rbx]
  0x48, 0x8b, 0x73, 0x08, // mov rsi, [rbx + 8]
  0x48, 0x8b, 0x53, 0x10, // mov rdx, [rbx + 16]
  0x4c, 0x8b, 0x53, 0x18, // mov r10, [rbx + 24]
  0x41, 0xb8, ...word32(AT_EMPTY_PATH), // mov r8d, AT_EMPTY_PATH
  0x0f, 0x05, // syscall
  label("failed"),
  0x89, 0x43, 0x4c, // mov [rbx + 76], eax
  0xb8, ...word32(X86_64.exit_group), // mov eax, X86_64.exit_group
  0xbf, ...word32(FAILED), // mov edi, FAILED
  0x0f, 0x05, // syscall
]);

/** The code, which runs at any address. */
export const CLONE: Uint8Array = CODE.bytes;
