/**
 * Lines of a trace, as text for people or as JSON for programs.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import type { CallFields, TracedCall } from "./trace.ts";

/** How a trace is written. */
export type TraceFormat = "text" | "json";

/** Formats a call; the result ends in a newline. */
export const TRACE_FORMATS: Record<TraceFormat, (call: TracedCall) => string> = {
  text: formatText,
  json: formatJson,
};

/** Fields that are written in hexadecimal: addresses and sets of bits. */
const HEXADECIMAL: ReadonlySet<string> = new Set(["data", "cookie", "ready_set"]);
const RESULT_NAMES = Object.keys(RESULT);

/** `0.001234567 #3 poll(timeout_nsecs=5000) ready_set=0x2 ret=1 <0.000002190>`; times in seconds. */
function formatText(call: TracedCall): string {
  const { time, number, name, duration, fault } = call;
  const result = texts(call.result, { results: name !== "poll" });
  return [
    seconds(time),
    `#${number}`,
    `${name}(${texts(call.arguments).join(", ")})`,
    ...result,
    `<${seconds(duration)}>`,
    ...(fault === undefined ? [] : [`! ${fault}`]),
  ].join(" ") + "\n";
}

function texts(fields: CallFields, { results = false } = {}): string[] {
  return Object.entries(fields).map(([name, value]) => {
    const word = results && name === "ret" ? RESULT_NAMES[Number(value)] : undefined;
    return `${name}=${word ?? (HEXADECIMAL.has(name) ? `0x${value.toString(16)}` : value)}`;
  });
}

/** One JSON object. Integers that a double cannot hold exactly become strings of decimal digits. */
function formatJson(call: TracedCall): string {
  return JSON.stringify(call, (_, value) => {
    if (typeof value !== "bigint") return value;
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
  }) + "\n";
}

function seconds(nanoseconds: number): string {
  return (nanoseconds / 1e9).toFixed(9);
}
