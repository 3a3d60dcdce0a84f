/**
 * The filter as text: it says what the bytes say, and the bytes are those of the packed file.
 */
import { deepEqual, doesNotMatch, equal, match, throws } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind } from "../../tender/guest.ts";
import { disassembleBpf } from "../../linux/disassemble_bpf.ts";
import { pack } from "../../tender/targets.ts";
import { compileImage } from "../../tender/spt/compile.ts";
import { loadDeviceCompiler } from "../../tender/spt/devices.ts";
import { readElf } from "../../elftool/elf_reader.ts";
import { launchFilter, launchPage } from "../../tender/spt/unpack.ts";
import { describeFilter } from "../../tender/spt/verify.ts";
import { baseRules, compileFilter } from "../../tender/spt/filter.ts";
import { encodeImage } from "../../tender/spt/start.ts";
import { LINUX } from "../../linux/syscalls.ts";
import { guest } from "../guests.ts";
import { soloden } from "../soloden.ts";

const NAMED = { name: "args", version: "1", devices: await loadDeviceCompiler() };
const linux = LINUX.x86_64!;
const filter = compileFilter(baseRules({ epoll: 3, timer: 4 }), linux);

Deno.test("seccomp text: what is loaded and compared has its name", () => {
  const lines = disassembleBpf(filter, linux).split("\n");
  deepEqual(lines.slice(0, 5), [
    "   0  load arch",
    "   1  if arch == x86_64, then 3",
    "   2  kill the process",
    "   3  load number",
    "   4  if number >= exit_group (231), else 24",
  ]);
  deepEqual(lines.slice(-8, -1), [
    "  41  if number == write (1), else 47",
    "  42  load high half of argument 0",
    "  43  if high half of argument 0 == 0, else 47",
    "  44  load argument 0",
    "  45  if argument 0 == 1, else 47",
    "  46  allow",
    "  47  kill the process",
  ]);
  match(lines.join("\n"), /if number == exit_group \(231\), else \d+\n +\d+ {2}allow\n/);
  equal(lines.length, filter.length / 8 + 1);
});

Deno.test("seccomp text: words whose load is not certain, and unknown codes, are not guessed at", () => {
  const program = new Uint8Array([
    ...[0x15, 0, 0, 1, 0, 0, 0, 0],
    ...[0x20, 0, 0, 0, 0, 0, 0, 0],
    ...[0x15, 0, 0, 0, 1, 0, 0, 0],
    ...[0x07, 0, 1, 2, 3, 0, 0, 0],
    ...[0x06, 0, 0, 0, 1, 0, 5, 0],
  ]);
  equal(
    disassembleBpf(program, linux),
    "   0  if accumulator == 0, else 2\n   1  load number\n   2  if accumulator == 1\n" +
      "   3  code 0x7, 1, 2, 0x3\n   4  return 0x50001\n",
  );
});

Deno.test("seccomp text: there are six arguments", () => {
  const loads = [16, 20, 56, 60, 64].flatMap((offset) => [0x20, 0, 0, 0, offset, 0, 0, 0]);
  deepEqual(disassembleBpf(Uint8Array.from(loads), linux).match(/(?<=load ).*/g)!.slice(0, 4), [
    "argument 0",
    "high half of argument 0",
    "argument 5",
    "high half of argument 5",
  ]);
  doesNotMatch(disassembleBpf(Uint8Array.from(loads.slice(-8)), linux), /argument/);
});

Deno.test("inspect --seccomp prints the very bytes that a packed unikernel installs", async () => {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest("args", "spt")), { name: "args" });
  const packed = await pack(bind(unikernel, { memory: "4 MiB" }));
  deepEqual(launchFilter(launchPage(readElf(packed, NAMED)), linux), filter);
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, packed);
    const { status, stdout } = await soloden("inspect", "--seccomp", path);
    equal(status, 0);
    equal(
      stdout,
      `${path}: seccomp filter of ${filter.length / 8} instructions\n` +
        disassembleBpf(filter, linux),
    );
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("inspect --seccomp refuses what was not packed, and a launch page that leads nowhere", async () => {
  const file = Deno.readFileSync(await guest("args", "spt"));
  throws(() => describeFilter(file, NAMED), /^TenderError: args: is not a packed unikernel/);
  const image = compileImage(
    bind(parseUnikernel(file, { name: "args" }), { memory: "4 MiB" }),
  );
  const launch = image.segments.find(({ execute, address }) => execute && address === image.entry)!;
  const code = launch.data;
  for (let at = 0x110; at < code.length; at++) {
    const old = code[at]!;
    code[at] = old ^ 0xff;
    try {
      describeFilter(encodeImage(image), NAMED);
    } catch (error) {
      equal((error as Error).name, "TenderError", String(error));
    }
    code[at] = old;
  }
});
