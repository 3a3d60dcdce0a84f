/** Programs whose system calls were rewritten do what they did before. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { rewriteSystemCalls } from "../../../elftool/x86_64/rewrite.ts";
import { survey } from "../../../elftool/x86_64/survey.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { cannotRun, compile, load, rewritten, run } from "./programs.ts";

/** A program in assembler: `main` returns the exit status of the process in RDI. */
function assembly(body: string, data = ""): string {
  return `
    .text
    .globl _start
    .type _start, @function
_start:
    call test
    mov %eax, %edi
    mov $60, %eax
    syscall
    hlt
    .size _start, . - _start
    .p2align 4
    .globl test
    .type test, @function
test:
${body}
${body.includes(".size test") ? "" : ".size test, . - test"}
${data}`;
}

const BARE = ["-nostdlib", "-static", "-Wl,--build-id", "-Wl,-z,noexecstack"];

const NO_ROOM = "left: jumps lead to its neighbours, and no padding is near";

/** Each: what is around a `getppid`, what becomes of that site, and the exit status. */
const SHAPES: readonly [name: string, how: string | string[], status: number, body: string][] = [
  ["what follows is moved", "after", 6, "mov $110, %eax\n syscall\n mov $6, %eax\n ret"],
  [
    "a system call at the end takes the return and padding with it",
    "after",
    0,
    "mov $200, %ebx\n mov $96, %eax\n xor %edi, %edi\n xor %esi, %esi\n 1: nop\n syscall\n ret\n .p2align 4",
  ],
  [
    "what is before is moved where a jump leads behind",
    "before",
    7,
    "xor %ecx, %ecx\n mov $110, %eax\n syscall\n1: inc %ebx\n cmp $7, %ebx\n jne 1b\n mov %ebx, %eax\n ret",
  ],
  [
    "what is before and what is after is moved where jumps leave only that",
    "around",
    9,
    "mov $110, %eax\n jmp 1f\n1: push %r12\n syscall\n pop %r12\n2: inc %ebx\n cmp $9, %ebx\n jne 2b\n mov %ebx, %eax\n ret",
  ],
  [
    "padding is used where both sides are jumped to",
    "padding",
    5,
    "mov $110, %eax\n jmp 1f\n .p2align 4\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n mov %ebx, %eax\n ret",
  ],
  [
    "nothing is done without room",
    NO_ROOM,
    5,
    "mov $110, %eax\n jmp 1f\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n mov %ebx, %eax\n ret",
  ],
  [
    "a conditional jump is moved that is taken",
    "after",
    3,
    "mov $110, %eax\n test %eax, %eax\n mov $3, %ebx\n syscall\n nop\n jg 1f\n mov $4, %ebx\n1: mov %ebx, %eax\n ret",
  ],
  [
    "a conditional jump is moved that is not taken",
    "after",
    4,
    "mov $110, %eax\n test %eax, %eax\n mov $3, %ebx\n syscall\n nop\n jle 1f\n mov $4, %ebx\n1: mov %ebx, %eax\n ret",
  ],
  [
    "a jump is moved",
    "after",
    8,
    "mov $110, %eax\n mov $8, %ebx\n syscall\n nop\n jmp 1f\n mov $9, %ebx\n1: mov %ebx, %eax\n ret",
  ],
  [
    "an operand relative to RIP is moved",
    "after",
    42,
    "mov $110, %eax\n syscall\n mov number(%rip), %eax\n ret",
  ],
  [
    "an immediate operand is behind one relative to RIP",
    "after",
    44,
    "mov $110, %eax\n syscall\n addl $2, number(%rip)\n mov number(%rip), %eax\n ret",
  ],
  [
    "the red zone is kept",
    "after",
    11,
    "movq $11, -8(%rsp)\n movq $12, -128(%rsp)\n mov $110, %eax\n syscall\n mov -8(%rsp), %rax\n cmpq $12, -128(%rsp)\n je 1f\n xor %eax, %eax\n1: ret",
  ],
  [
    "two system calls are moved together",
    ["after", "after"],
    13,
    "mov $110, %eax\n syscall\n mov $13, %al\n syscall\n nop\n mov $13, %eax\n ret",
  ],
  [
    "a call is never moved",
    "before",
    15,
    "mov $110, %eax\n syscall\n call fifteen\n ret\n fifteen: mov $15, %eax\n ret",
  ],
  [
    "what a call returns to is never moved",
    NO_ROOM,
    16,
    "mov $110, %eax\n call 2f\n syscall\n2: mov $16, %eax\n ret",
  ],
  [
    "a loop has no long form",
    "before",
    21,
    "mov $110, %eax\n syscall\n jrcxz 1f\n mov $21, %eax\n1: ret",
  ],
  [
    "what has no long form is not moved from before, either",
    NO_ROOM,
    5,
    "mov $110, %eax\n jrcxz 3f\n syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n3: mov $5, %eax\n ret",
  ],
  [
    "a jump is not moved from before",
    NO_ROOM,
    5,
    "jmp.d32 2f\n syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\nmov %ebx, %eax\n ret",
  ],
  [
    "what one system call took another does not get",
    ["after", NO_ROOM],
    5,
    "mov $110, %eax\n syscall\n nop\n nop\n nop\n syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\nmov %ebx, %eax\n ret",
  ],
  [
    "a jump into the middle of an instruction keeps it",
    ["after", NO_ROOM],
    5,
    "mov $110, %eax\n syscall\n xor %ebx, %ebx\n xor %ecx, %ecx\n jmp 4f\n4: syscall\n 2: lock incl -4(%rsp)\n inc %ebx\n cmp $4, %ebx\n jb 2b\n cmp $5, %ebx\n jne 2b + 1\nmov %ebx, %eax\n ret",
  ],
  [
    "what cannot be reached is left unless it is padding",
    NO_ROOM,
    0,
    "mov $5, %eax\n test %eax, %eax\n jne 3f\n jmp 4f\n4: syscall\n ret\n push %rax\n pop %rax\n pop %rax\n3: xor %eax, %eax\n ret",
  ],
  [
    "data behind the bounds of a function are left",
    NO_ROOM,
    24,
    "mov $24, %edi\n mov $60, %eax\n jmp 1f\n1: syscall\n .size test, . - test\n .zero 8",
  ],
  [
    "padding that is jumped into is left",
    NO_ROOM,
    5,
    "mov $110, %eax\n jmp 1f\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\nmov %ebx, %eax\n ret\n nop\n nop\n nop\n3: nop\n nop\n nop\n nop\n jmp 3b",
  ],
  [
    "padding that is executed is left",
    NO_ROOM,
    5,
    "mov $110, %eax\n jmp 1f\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n.skip 8, 0x90\nmov %ebx, %eax\n ret",
  ],
  [
    "padding that begins farther away than a short jump reaches is used from there on",
    "padding",
    5,
    "mov $110, %eax\n jmp 1f\n .skip 140, 0x90\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\nmov %ebx, %eax\n ret",
  ],
  [
    "padding that is just too far away is left",
    NO_ROOM,
    5,
    "mov $110, %eax\n jmp 1f\n1: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n.skip 115, 0x90\n mov %ebx, %eax\n jmp.d32 9f\n .skip 8, 0x90\n9: ret",
  ],
  [
    "padding far in front is used",
    "padding",
    5,
    ".skip 160, 0x90\n jmp 1f\n .skip 10, 0x90\n1: .skip 60, 0x90\n mov $110, %eax\n jmp 3f\n3: syscall\n2: inc %ebx\n cmp $5, %ebx\n jne 2b\n mov %ebx, %eax\n ret",
  ],
  [
    "padding is used once",
    ["padding", NO_ROOM],
    5,
    "mov $110, %eax\n jmp 1f\n .skip 9, 0x90\n1: syscall\n2: inc %ebx\n jmp 3f\n3: syscall\n4: cmp $5, %ebx\n jb 2b\n ja 4b\nmov %ebx, %eax\n ret",
  ],
  [
    "padding is used twice if it is long enough",
    ["padding", "padding"],
    5,
    "mov $110, %eax\n jmp 1f\n .skip 10, 0x90\n1: syscall\n2: inc %ebx\n jmp 3f\n3: syscall\n4: cmp $5, %ebx\n jb 2b\n ja 4b\nmov %ebx, %eax\n ret",
  ],
  [
    "an interrupt is left, and data are none",
    "left: not of 64-bit programs",
    5,
    "mov $5, %eax\n jmp 1f\n int $0x80\n1: ret\n .size test, . - test\n .byte 6, 0xcd, 0x80",
  ],
  [
    "a table of jumps keeps its targets",
    "before",
    17,
    `mov $1, %edx
    cmp $2, %edx
    ja 3f
    lea table(%rip), %rcx
    movslq (%rcx,%rdx,4), %rdx
    add %rcx, %rdx
    jmp *%rdx
3:  mov $110, %eax
    syscall
4:  mov $17, %eax
    ret`,
  ],
  [
    "a table of addresses keeps its targets",
    "before",
    18,
    `mov $1, %edx
    jmp *addresses(,%rdx,8)
    mov $110, %eax
    syscall
5:  mov $18, %eax
    ret`,
  ],
  [
    "a label that is loaded keeps its place",
    "before",
    19,
    `lea 6f(%rip), %rdx
    jmp *%rdx
    mov $110, %eax
    syscall
6:  mov $19, %eax
    ret`,
  ],
  [
    "a number that is a place in the code keeps it",
    "before",
    20,
    `mov $.Lplace, %edx
    jmp *%rdx
    mov $110, %eax
    syscall
.Lplace:
    mov $20, %eax
    ret`,
  ],
];

const DATA = `
    .data
number: .long 42
`;

for (const [name, how, status, body] of SHAPES) {
  testUnless(cannotRun("cc"), `rewrite: ${name}`, () =>
    inDirectory((directory) => {
      const table =
        `.section .rodata\n .p2align 2\ntable: .long 3b - table, 4b - table, 3b - table\n`;
      const addresses = `.section .rodata\n .p2align 3\naddresses: .quad 0, 5b\n`;
      const data = DATA + (body.includes("table(") ? table : "") +
        (body.includes("addresses(") ? addresses : "");
      const source = assembly(body, data);
      const program = compile(directory, { name: "shape.S", source, flags: BARE });
      const changed = rewritten(program, join(directory, "changed"));
      equal(run(program).code, status, "as it was");
      deepEqual({ ...run(changed.path), sites: undefined }, { ...run(program), sites: undefined });
      // The first site is that of _start.
      const [, ...sites] = changed.sites;
      const names = sites.map(({ how, why }) => why === undefined ? how : `${how}: ${why}`);
      deepEqual(names, typeof how === "string" ? [how] : how);
      return Promise.resolve();
    }));
}

testUnless(
  cannotRun("cc"),
  "rewrite: what is too far away for jumps is refused",
  () =>
    inDirectory((directory) => {
      const source = assembly("ret");
      const found = survey(load(compile(directory, { name: "x.S", source, flags: BARE })));
      const near = 0x50_0000;
      const far = 2 ** 31 + near;
      ok(rewriteSystemCalls(found, { trampolines: near, personality: near }).sites.length > 0);
      for (const places of [{ trampolines: far }, { personality: far }]) {
        const options = { trampolines: near, personality: near, ...places };
        throws(() => rewriteSystemCalls(found, options), RangeError);
      }
      return Promise.resolve();
    }),
);
