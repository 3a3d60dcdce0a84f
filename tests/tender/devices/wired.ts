/**
 * Guests on wires and hubs within the process of the test.
 *
 * @module
 */
import { parseUnikernel, type Unikernel } from "../../../elftool/unikernel.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { bind } from "../../../tender/guest.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import type { StepOptions } from "../../../tender/run/options.ts";
import { run } from "../../../tender/run/event_loop.ts";
import { testUnless } from "../../needs.ts";
import { guest } from "../../guests.ts";
import { noKvm } from "../hvt/kvm_available.ts";

/** A target that has wires. */
export type WiredTarget = "spt" | "hvt";

/** How a guest ended, and what it printed. */
export interface EndedGuest {
  readonly outcome: Outcome;
  readonly text: string;
}

/** What a guest of the tests ends with that found everything as it should be. */
export const SUCCEEDED: EndedGuest = { outcome: { kind: "exit", status: 0 }, text: "SUCCESS\n" };

/** A test on each target. */
export function onBoth(name: string, test: (target: WiredTarget) => Promise<void>): void {
  for (const target of ["spt", "hvt"] as const) {
    const missing = target === "hvt" ? noKvm : undefined;
    testUnless(missing, `${name}, on ${target}`, () => test(target));
  }
}

/** Runs `tests/guests/wire.c` with a device to its end. */
export function runWired(
  target: WiredTarget,
  service: Device,
  words: string,
  options: StepOptions = {},
): Promise<EndedGuest> {
  return runOn(target, "wire", { devices: { service }, words, ...options });
}

/** Runs a guest of the tests to its end. */
export async function runOn(
  target: WiredTarget,
  name: string,
  { devices, words, ...options }: StepOptions & {
    devices: Record<string, Device>;
    words: string;
  },
): Promise<EndedGuest> {
  const unikernel = await load(name, target);
  const args = ["--solo5:quiet", words];
  const decoder = new TextDecoder();
  let text = "";
  const console = (output: Uint8Array) => void (text += decoder.decode(output, { stream: true }));
  const outcome = await run(bind(unikernel, { memory: "4 MiB", args, devices }), {
    console,
    ...options,
  });
  return { outcome, text };
}

/** Loads `tests/guests/wire.c`. */
export function wiredUnikernel(target: WiredTarget): Promise<Unikernel> {
  return load("wire", target);
}

async function load(name: string, target: WiredTarget): Promise<Unikernel> {
  const path = await guest(name, target);
  return parseUnikernel(await Deno.readFile(path), { name: path });
}
