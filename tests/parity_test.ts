/**
 * Every row of the parity table, run through the links that `install` made.
 */
import { equal, ok } from "node:assert/strict";
import { basename, join } from "node:path";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { guest } from "./guests.ts";
import { brokenFiles } from "./parity_elf.ts";
import { debugRows, elftoolRows, type Files, type Row, tenderRows } from "./parity_table.ts";
import { TOOLCHAIN_ROWS } from "./parity_toolchain.ts";
import { testUnless } from "./needs.ts";
import { once } from "./once.ts";
import { installation } from "./prefix.ts";
import { execute, type Result } from "./soloden.ts";
import { noKvm } from "./tender/hvt/kvm_available.ts";

const TRIPLE = "x86_64-solo5-none-static";
const { directory, prefix, install } = installation();
const programs = join(prefix, "bin");

const manifest = (count: number) => {
  const devices = Array.from({ length: count }, (_, i) => ({ name: `d${i}`, type: "NET_BASIC" }));
  return JSON.stringify({ type: "solo5.manifest", version: 1, devices });
};

const CONTENTS = {
  "disk": new Uint8Array(4 * 512),
  "odd": new Uint8Array(513),
  "small": new Uint8Array(256),
  "empty": new Uint8Array(),
  "manifest.json": manifest(2),
  "many.json": manifest(64),
  "configure.c": "int main(void) { return 0; }\n",
  "main.c": `#include <limits.h>
#include "solo5.h"
int solo5_app_main(const struct solo5_start_info *info) { return info->heap_size > INT_MAX; }
`,
  "more.cc": `#include "solo5.h"
template <typename T> static int zero(T *) { return T(); }
extern "C" int solo5_app_main(const struct solo5_start_info *info) { return zero(&info->heap_size); }
`,
  "compile.words": "-c main.c\n-o words.o\n",
  "link.words": "main.o manifest.o -o words.hvt",
  "objects.words": "main.o manifest.o -o objects.hvt",
};

/** The guests that the rows name, by what the table calls them. */
const GUESTS = {
  args: "args",
  net: "net",
  block: "block",
  heap: "exec_heap",
  exit: "exit_code",
  abort: "abort",
  port: "bad_port",
  address: "bad_address",
  text: "write_text",
  tripleFault: "triple_fault",
} as const;

/** The files' names in the directory in which the rows run. */
function filesFor(target: "hvt" | "spt"): Files {
  const unikernels = Object.fromEntries(
    Object.entries(GUESTS).map(([called, name]) => [called, `${name}.${target}`]),
  ) as Record<keyof typeof GUESTS, string>;
  const other = `${GUESTS.args}.${target === "hvt" ? "spt" : "hvt"}`;
  return { ...unikernels, other, disk: "disk", odd: "odd", small: "small", empty: "empty" };
}

/** Installs, and writes all that the rows name. */
const prepare = once(async () => {
  await install();
  for (const [name, content] of Object.entries(CONTENTS)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(join(directory, name), bytes);
  }
  for (const target of ["hvt", "spt"] as const) {
    for (const name of Object.values(GUESTS)) {
      Deno.copyFileSync(await guest(name, target), join(directory, `${name}.${target}`));
    }
    for (const [name, { bytes }] of Object.entries(brokenFiles(target))) {
      Deno.writeFileSync(join(directory, `${name}.${target}`), bytes);
    }
  }
});

/** Runs an installed program where the files are. */
async function runInstalled(program: string, args: readonly string[]): Promise<Result> {
  await prepare();
  return await execute(join(programs, program), args, { cwd: directory });
}

function rowTest(program: string, row: Row): void {
  const words = row.args.map((arg) => arg.length > 40 ? basename(arg).slice(0, 40) : arg);
  const name = `${program} ${words.join(" ")} → ${row.status}`;
  const missing = row.runs && program.startsWith("solo5-hvt") ? noKvm : undefined;
  testUnless(missing, name, async () => {
    const { status, stdout, stderr } = await runInstalled(program, row.args);
    const lines = stderr.split("\n");
    row.says?.forEach((text, index) => {
      const line = lines[index] ?? "";
      ok(line.startsWith(`${program}: ${text}`), `says '${line}', not '${program}: ${text}'`);
    });
    if (row.usage) {
      const line = lines[row.says?.length ?? 0] ?? "";
      ok(line.startsWith(`usage: ${program} `), `says '${line}', not the usage`);
    }
    if (row.silent) equal(stderr, "");
    if (row.prints !== undefined) ok(stdout.includes(row.prints), `prints '${stdout}'`);
    if (row.status !== 0) ok(stderr + stdout !== "" || row.runs, "says nothing");
    equal(status, row.status, stderr);
  });
}

for (const target of ["hvt", "spt"] as const) {
  for (const row of tenderRows({ target, files: filesFor(target) })) {
    rowTest(`solo5-${target}`, row);
  }
  for (const [name, { tender, abi, manifest }] of Object.entries(brokenFiles(target))) {
    const file = `${name}.${target}`;
    const row = (args: string[], says: string | undefined): Row =>
      says === undefined
        ? { args, status: 0 }
        : { args, status: 1, says: [`${args.at(-1)}: ${says}`] };
    rowTest(`solo5-${target}`, row([file], tender));
    if (target === "hvt") continue;
    rowTest("solo5-elftool", row(["query-abi", file], abi));
    rowTest("solo5-elftool", row(["query-manifest", file], manifest));
  }
}
rowTest("solo5-hvt-debug", { args: ["--version"], status: 0 });
rowTest("solo5-hvt-debug", { args: [], status: 1, says: ["Missing KERNEL operand"], usage: true });
for (const row of debugRows(filesFor("hvt"), directory)) {
  rowTest("solo5-hvt-debug", row);
}
for (const row of elftoolRows(filesFor("hvt"), directory)) rowTest("solo5-elftool", row);
rowTest("solo5-elftool", { args: ["gen-manifest", "manifest.json", "manifest.c"], status: 0 });
for (const { tool, ...row } of TOOLCHAIN_ROWS) rowTest(`${TRIPLE}-${tool}`, row);

Deno.test("--version names the program, its version and its ABI", async () => {
  for (const program of ["solo5-hvt", "solo5-hvt-debug", "solo5-spt"]) {
    const { stdout, stderr } = await runInstalled(program, ["--version"]);
    equal(stdout, "");
    ok(/^solo5-[a-z-]+ tender, version v\d+\.\d+\.\d+.*\nABI version 2\n$/.test(stderr), stderr);
    ok(stderr.startsWith(`${program} tender`));
  }
});

Deno.test("too many devices are told with their limit", async () => {
  const { stderr } = await runInstalled("solo5-elftool", ["gen-manifest", "many.json", "-"]);
  ok(stderr.includes(".devices[]: too many entries, maximum 63"), stderr);
});

Deno.test("what the wrappers linked is what was asked for", async () => {
  for (const [name, target] of [["main.hvt", "hvt"], ["main.spt", "spt"], ["linked.hvt", "hvt"]]) {
    const { abi, manifest } = parseUnikernel(await Deno.readFile(join(directory, name!)), {
      name: name!,
    });
    equal(abi.target, target);
    equal(manifest.devices.length, 2);
  }
  for (const name of ["configure", "main.stub"]) {
    const { status, stderr } = await execute("sh", ["-c", `./${name}`], { cwd: directory });
    equal(status, 127, stderr);
    equal((await runInstalled("solo5-spt", [name])).status, 1);
  }
});
