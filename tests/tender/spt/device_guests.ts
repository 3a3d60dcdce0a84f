/**
 * Guests of `tests/guests/` with devices, as tests run them on spt.
 *
 * @module
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { bind } from "../../../tender/guest.ts";
import type { ProcessImage } from "../../../tender/spt/compile.ts";
import { loadTender } from "../../../tender/spt/tender.ts";
import { spawnImage } from "../../../tender/spt/start.ts";
import { guest } from "../../guests.ts";

/** Compiles a guest that prints nothing but its own output. */
export async function imageWith(
  name: string,
  devices: Record<string, Device>,
  args: readonly string[] = [],
): Promise<ProcessImage> {
  const path = await guest(name, "spt");
  const bound = bind(parseUnikernel(Deno.readFileSync(path), { name: `${name}.spt` }), {
    memory: "4 MiB",
    args: ["--solo5:quiet", ...args],
    devices,
  });
  const tender = await loadTender(Object.values(devices));
  return tender.compile(bound, tender.open(bound).facts);
}

/** How a guest ended: its status as a shell has it. */
export interface Ended {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a guest to its end. */
export async function runWith(
  name: string,
  devices: Record<string, Device>,
  args?: readonly string[],
): Promise<Ended> {
  const child = await spawnImage(await imageWith(name, devices, args));
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, output: text(stdout), errors: text(stderr) };
}
