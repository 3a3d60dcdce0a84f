/**
 * The toolchain for aarch64, with every cross compiler and linker that there is: what it makes, as
 * readelf, this project's own reader and an emulated CPU see it; and what is said where it is missing.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Toolchain, ToolchainChoice } from "../../../bindings/tools.ts";
import { buildUnikernel } from "../../../bindings/toolchain.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { guest } from "../../guests.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { soloden } from "../../soloden.ts";
import { MINIMAL, outputOf, withFiles } from "../scratch.ts";
import { crossTest, crossToolchain, noCross, noEmulation } from "./available.ts";
import { run } from "./run.ts";

const CLANG = "clang --target=aarch64-linux-gnu";
const COMPILERS: readonly [name: string, choice: ToolchainChoice][] = [
  ["gcc, ld", { cc: "aarch64-linux-gnu-gcc", ld: "aarch64-linux-gnu-ld" }],
  ["gcc, lld", { cc: "aarch64-linux-gnu-gcc", ld: "ld.lld" }],
  ["clang, ld", { cc: CLANG, ld: "aarch64-linux-gnu-ld" }],
  ["clang, lld", { cc: CLANG, ld: "ld.lld", objcopy: "llvm-objcopy" }],
];

/** Of thread-local variables with a value and of those without; 0 where there are none. */
const ALIGNMENTS = [[1, 0], [0, 1], [8, 8], [16, 4], [4, 32], [128, 64]] as const;

/**
 * A program with thread-local variables of these alignments, which looks at them in a block that is
 * itself as badly aligned as can be.
 */
function threadLocal(initialised: number, zero: number): string {
  return `#include "solo5.h"
static uint8_t block[4096];
${initialised > 0 ? `static _Thread_local _Alignas(${initialised}) char first[3] = "ab";` : ""}
${zero > 0 ? `static _Thread_local _Alignas(${zero}) char second[5];` : ""}
__attribute__((noinline)) static int wrong(void) {
  int result = 0;
  ${
    initialised > 0
      ? `result |= ((uintptr_t)first % ${initialised} != 0) | (first[1] != 'b') << 1;`
      : ""
  }
  ${zero > 0 ? `result |= ((uintptr_t)second % ${zero} != 0) << 2 | (second[4] != 0) << 3;` : ""}
  ${zero > 0 ? "second[4] = 1;" : ""}
  return result;
}
int solo5_app_main(const struct solo5_start_info *info) {
  (void)info;
  for (size_t i = 0; i < sizeof block; i++) ((volatile uint8_t *)block)[i] = 0xee;
  uintptr_t start = (uintptr_t)block + 1;
  solo5_tls_init(start);
  solo5_set_tls_base(solo5_tls_tp_offset(start));
  int result = wrong();
  uintptr_t end = start + solo5_tls_size();
  for (uintptr_t at = end; at < (uintptr_t)block + sizeof block; at++)
    if (*(volatile uint8_t *)at != 0xee) return 99;
  return block[0] == 0xee ? result : 98;
}
`;
}

/** Atomic operations, which must need no library. */
const ATOMIC = `#include <stdatomic.h>
#include "solo5.h"
static _Atomic uint64_t counter = 40;
int solo5_app_main(const struct solo5_start_info *info) {
  uint64_t expected = 41;
  atomic_fetch_add(&counter, info->heap_size > 0);
  atomic_compare_exchange_strong(&counter, &expected, 42);
  return (int)atomic_exchange(&counter, 0);
}
`;

/** Builds a program and runs it to its end. */
async function outcomeOf(source: string, toolchain: Toolchain): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await withFiles({ "main.c": source }, async (dir) => {
    const output = join(dir, "main.spt");
    await buildUnikernel([join(dir, "main.c")], { target: "spt", output, toolchain });
    outcome = run(output, { args: ["--solo5:quiet"] }).outcome;
  });
  return outcome!;
}

for (const [name, choice] of COMPILERS) {
  const toolchain = crossToolchain(choice);
  const missing = typeof toolchain === "string" ? toolchain : undefined;
  const test = (what: string, use: (toolchain: Toolchain) => Promise<void>) =>
    testUnless(
      noEmulation ?? missing,
      `aarch64 ${name}: ${what}`,
      () => use(toolchain as Toolchain),
    );

  test("thread-local variables of every alignment are where code looks for them", async (tools) => {
    for (const [some, others] of ALIGNMENTS) {
      const outcome = await outcomeOf(threadLocal(some, others), tools);
      assert.deepEqual(outcome, { kind: "exit", status: 0 }, `alignments ${some}, ${others}`);
    }
  });

  test("atomic operations need no library", async (tools) => {
    assert.deepEqual(await outcomeOf(ATOMIC, tools), { kind: "exit", status: 42 });
  });

  test("what guests need of a linker is there", async (toolchain) => {
    for (const target of ["hvt", "spt"] as const) {
      const path = await guest("globals", target, { toolchain });
      assert.match(run(path).output, /\nSUCCESS\n/);
    }
  });
}

testUnless(
  noCross ?? missingTool("readelf"),
  "aarch64: the image is one of that architecture, with its vectors where they have to be",
  async () => {
    const toolchain = crossToolchain() as Toolchain;
    await withFiles({ "main.c": MINIMAL }, async (dir) => {
      const output = join(dir, "main.hvt");
      await buildUnikernel([join(dir, "main.c")], { target: "hvt", output, toolchain });
      const { architecture, segments } = parseUnikernel(Deno.readFileSync(output), {
        name: output,
      });
      assert.equal(architecture, "aarch64");
      assert.ok(segments.every(({ write, execute }) => !(write && execute)));
      const header = outputOf("readelf", "-hW", output)!;
      const symbols = outputOf("readelf", "-sW", output)!;
      assert.match(header, /Machine: +AArch64\n/);
      const [, vectors] = /: ([0-9a-f]+) .* vectors$/m.exec(symbols)!;
      assert.equal(parseInt(vectors!, 16) % 2048, 0);
    });
  },
);

crossTest(
  "a unikernel for aarch64 can be looked at anywhere, and runs on its own architecture alone",
  async (toolchain) => {
    for (const target of ["hvt", "spt"] as const) {
      const path = await guest("block", target, { toolchain });
      const { stdout } = await soloden("inspect", path);
      assert.match(stdout, new RegExp(`: unikernel for ${target} \\(ABI 2\\) on aarch64\n`));
      const disk = await Deno.makeTempFile();
      Deno.truncateSync(disk, 4096);
      const refused = await soloden("run", `--block:storage=${disk}`, path);
      Deno.removeSync(disk);
      assert.deepEqual([refused.status, refused.stdout], [1, ""]);
      assert.match(
        refused.stderr,
        /^soloden: [^\n]*: is built for aarch64, and [^\n]*x86_64[^\n]*\n$/,
      );
    }
  },
);

crossTest("build makes unikernels for the architecture that it is told", async () => {
  await withFiles({ "main.c": MINIMAL }, async (dir) => {
    const output = join(dir, "main.spt");
    const options = ["--machine=aarch64", "-t", "spt", "-o", output];
    const { status, stderr } = await soloden("build", ...options, join(dir, "main.c"));
    assert.deepEqual([status, stderr], [0, ""]);
    const { architecture, abi } = parseUnikernel(Deno.readFileSync(output), { name: output });
    assert.deepEqual([architecture, abi.target], ["aarch64", "spt"]);
  });
});

Deno.test("without a compiler for aarch64 its wrapper says in a line what to install", () => {
  const tools = join(import.meta.dirname!, "../../../bindings/tools.ts");
  const program = `import { findToolchain } from ${JSON.stringify(`file://${tools}`)};
    try { findToolchain({ architecture: "aarch64" }); } catch (error) { console.log(error.message); }`;
  const said = (env: Record<string, string>) => {
    const { stdout } = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      env: { PATH: "/nonexistent", HOME: Deno.env.get("HOME") ?? "", ...env },
      clearEnv: true,
    }).outputSync();
    return new TextDecoder().decode(stdout);
  };
  const install = "install gcc-aarch64-linux-gnu or clang\n";
  assert.equal(
    said({}),
    `a C compiler for aarch64 is missing (no aarch64-linux-gnu-gcc, clang): ${install}`,
  );
  assert.equal(
    said({ TARGET_CC: "other-gcc" }),
    `a C compiler for aarch64 is missing ('other-gcc' does not build for it): ${install}`,
  );
  // One that runs, and builds for this machine.
  assert.match(String(crossToolchain({ cc: "gcc" })), /\('gcc' does not build for it\)/);
});
