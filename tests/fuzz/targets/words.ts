/**
 * Fuzzing command lines: whatever the words are, they are a request, no request, or refused in words.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { readDevices } from "../../../tender/device_options.ts";
import { readHolding } from "../../../tender/holding.ts";
import { parseArguments } from "../../../tender/options.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const LINES = [
  "--mem=4\n--net:a=tap0\n--net-mac:a=02:00:00:00:00:01\n--\nx.hvt\n--mem=1",
  "--block:a=disk,overlay\n--block-sector-size:a=4096\n-o\nout\nx.spt\nargument",
  "--timeout=1.5\n--cpu-time=2\n--console-rate=100\n--no-confine\nx.hvt",
  "--trace=file\n--trace-format=json\n--net-pcap:a=file\n--stats\nx.hvt",
];

/** A word a line. */
export const words: FuzzTarget = {
  name: "words",
  seeds: () => LINES.map((line) => new TextEncoder().encode(line)),
  run: (input) =>
    refusing(() => {
      const words = new TextDecoder().decode(input).split("\n");
      const request = parseArguments(words);
      if (request === undefined) return;
      ok(Number.isSafeInteger(request.memorySize) && request.memorySize > 0);
      ok(words.includes(request.file), "a file that was not named");
      readDevices(request.devices);
      const { limits } = readHolding(request.hold);
      for (const limit of Object.values(limits)) ok(limit >= 0 && Number.isFinite(limit));
    }),
};
