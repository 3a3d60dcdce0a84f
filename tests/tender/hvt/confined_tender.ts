/**
 * A tender that was taken over, for a test: it confines itself as the command does, and then, while
 * its guest prints, makes calls that only an attacker would. Prints what came of each, as JSON.
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { errno, libc } from "../../../linux/libc.ts";
import { confine } from "../../../tender/hvt/confine.ts";
import { hostWorld, runHvt } from "./machine.ts";

const { syscall } = libc({
  syscall: {
    parameters: ["i64", "usize", "usize", "usize", "usize"],
    result: "i64",
  },
});

const [file, calls] = Deno.args as [string, string];
const results: Record<string, number> = {};
const unikernel = parseUnikernel(Deno.readFileSync(file), { name: file });
const guest = bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"] });
using world = hostWorld();
let vcpu = -1;
let confined = false;
/** Milliseconds; the bench reads it. */
let cost = 0;
world.write = () => {
  if (!confined) throw new Error("the guest ran before the tender was confined");
  for (const [name, words] of Object.entries(JSON.parse(calls) as Record<string, number[]>)) {
    const [number, ...args] = words;
    // "vcpu" stands for its descriptor, which only this process knows.
    const [a, b, c, d] = [0, 1, 2, 3].map((index) =>
      BigInt.asUintN(64, BigInt(args[index] === -7 ? vcpu : args[index] ?? 0))
    );
    const result = syscall(BigInt(number!), a!, b!, c!, d!);
    results[name] = result < 0n ? errno() : 0;
  }
  return true;
};
const outcome = runHvt(guest, world, [{
  begin: ({ descriptor }) => {
    vcpu = descriptor;
    const start = performance.now();
    confine({ vcpu, devices: [] });
    cost = performance.now() - start;
    confined = true;
  },
}]);
console.log(JSON.stringify({ outcome, results, cost }));
