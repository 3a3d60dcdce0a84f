/**
 * Makes, runs and takes down fifty virtual machines, and prints what this process held before and
 * after them. A program of its own, for `vm_test.ts`.
 *
 * @module
 */
import { Halt } from "../../../abi/hvt.ts";
import { asm, DATA, tinyGuest } from "./tiny_guest.ts";
import { runHvt } from "./machine.ts";

function run(): void {
  runHvt(tinyGuest(asm.hypercall("halt", DATA), { data: Halt.encode({ exitStatus: 7 }) }));
}

function resources(): { descriptors: number; mappings: string[] } {
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    mappings: maps.filter((line) => /guest memory|kvm/.test(line)),
  };
}

// The first may open what stays open, such as what reads /proc.
run();
const before = resources();
for (let i = 0; i < 50; i++) run();
console.log(JSON.stringify({ before, after: resources() }));
