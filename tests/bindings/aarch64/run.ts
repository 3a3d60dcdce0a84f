/**
 * Runs unikernels for aarch64 under the tenders of these tests.
 *
 * @module
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { bind } from "../../../tender/guest.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { collector } from "../../tender/hvt/device_guests.ts";
import { runHvt } from "./hvt_tender.ts";
import { runSpt } from "./spt_tender.ts";
import { hostWorld } from "../../tender/hvt/machine.ts";

const TENDERS = { hvt: runHvt, spt: runSpt };

/** What a unikernel is given. */
export interface RunOptions {
  readonly args?: readonly string[];
  readonly devices?: Record<string, Device>;
  /** Of guest memory, in MiB. */
  readonly memory?: number;
  /** Is told of a write of nothing: its address, and all of memory. */
  readonly empty?: (address: number, memory: Uint8Array<ArrayBuffer>) => void;
}

/** Runs the unikernel of a path to its end, and keeps what it prints. */
export function run(
  path: string,
  { args = [], devices = {}, memory = 8, empty }: RunOptions = {},
): { outcome: Outcome; output: string } {
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  const target = unikernel.abi.target as keyof typeof TENDERS;
  const guest = bind(unikernel, { memory: `${memory} MiB`, args, devices });
  using world = hostWorld(guest.devices);
  const console = collector();
  world.write = (data) => {
    if (data.length === 0) empty?.(data.byteOffset, new Uint8Array(data.buffer));
    return console.write(data);
  };
  const outcome = TENDERS[target](guest, world);
  return { outcome, output: console.text() };
}
