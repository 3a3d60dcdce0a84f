/**
 * Fuzzing command lines: whatever the words are, they are a request, no request, or refused in words.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { TARGETS } from "../../../abi/notes.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { loadDeviceWords, readDevices } from "../../../commands/device_words.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { ConsoleMeter, limitReached, type Limits } from "../../../tender/limits.ts";
import { readLimits } from "../../../commands/limit_words.ts";
import { describe } from "../../../tender/outcome.ts";
import { readObservation } from "../../../commands/observe_words.ts";
import { parseArguments } from "../../../commands/guest_words.ts";
import { buildUnikernel } from "../../elftool/builder.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const DEVICES = { disk0: block.file("disk"), net0: net.tap("tap0") };

/** Guests with the devices that the words may name: `disk0` and `net0`. */
const [HVT, SPT] = [TARGETS.hvt, TARGETS.spt].map((target) => {
  const unikernel = parseUnikernel(buildUnikernel({ target }), { name: "x" });
  return bind(unikernel, { memory: "4 MiB", devices: DEVICES });
}) as [Guest, Guest];

const LINES = [
  "--mem=4\n--net:a=tap0\n--net-mac:a=02:00:00:00:00:01\n--\nx.hvt\n--mem=1",
  "--block:a=disk,overlay\n--block-sector-size:a=4096\n-o\nout\nx.spt\nargument",
  "--timeout=1.5\n--cpu-time=2\n--console-rate=100\n--no-confine\nx.hvt",
  "--net:a=@3\n--block:b=disk,ro\nx.hvt",
  "--trace=file\n--trace-format=json\n--net-pcap:net0=file\n--stats\nx.hvt",
  "--gdb=127.0.0.1:1234\n--dumpcore=.\n--trace\nx.hvt",
  "--stats\n--gdb\nx.hvt",
  "--output=out\n--gdb=1\nx.spt",
  "--dumpcore=.\nx.spt",
  "--trace\nx.spt",
];

const KINDS = await loadDeviceWords();

/** Command lines, with one word on each line. */
export const words: FuzzTarget = {
  name: "words",
  covers: ["guest_words", "device_words", "observe_words", "limit_words"].map((file) =>
    `commands/${file}.ts`
  ),
  seeds: () => LINES.map((line) => new TextEncoder().encode(line)),
  run: (input) =>
    refusing(() => {
      const words = new TextDecoder().decode(input).split("\n");
      const request = parseArguments(words);
      if (request === undefined) return;
      ok(Number.isSafeInteger(request.memorySize) && request.memorySize > 0);
      ok(words.includes(request.file), "a file that was not named");
      refusing(() => void readDevices(request.devices, KINDS));
      refusing(() => {
        if (request.asked.observe.length === 0) return;
        const guest = request.file.endsWith(".spt") ? SPT : HVT;
        const { captures, gdb } = readObservation(request.asked.observe, guest);
        ok([...captures.keys()].every((name) => name === "net0"), "not the network device");
        ok(gdb === undefined || gdb.port < 65536, "no port");
      });
      const limits = readLimits(request.asked.limits);
      for (const [name, limit] of Object.entries(limits)) {
        ok(limit >= 0 && Number.isFinite(limit));
        ok(describe(limitReached(name as keyof Limits, limits)));
      }
      const meter = new ConsoleMeter(limits);
      const printed = meter.take(10, 0) + meter.take(10, 999);
      ok(printed <= (limits.consoleRate ?? 20), "more than the limit");
    }),
};
