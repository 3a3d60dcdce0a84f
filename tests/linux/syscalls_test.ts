/**
 * The tables of system calls against the kernel's own headers.
 */
import { deepEqual, ok } from "node:assert/strict";
import { Aarch64, X86_64 } from "../../linux/syscalls.ts";
import { testUnless } from "../needs.ts";

/** The architectures, each with the kernel's header that has its numbers. */
const TABLES = [
  ["x86_64", X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"],
  ["aarch64", Aarch64, "/usr/include/asm-generic/unistd.h"],
] as const;

for (const [architecture, table, header] of TABLES) {
  const text = read(header);
  testUnless(
    text === undefined ? `there is no ${header}` : undefined,
    `system calls: every number of ${architecture} is the kernel's`,
    () => {
      const numbers = Array.from(
        text!.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm),
        ([, name, number]) => [name!, Number(number)] as const,
      );
      const kernel = new Map(numbers);
      // An enumeration leads from a number to its name, too.
      const ours = Object.entries(table).filter(([, number]) => typeof number === "number");
      ok(ours.length > 5);
      deepEqual(ours, ours.map(([name]) => [name, kernel.get(name)]));
    },
  );
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
