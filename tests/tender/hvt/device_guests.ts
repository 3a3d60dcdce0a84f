/**
 * Guests of `tests/guests/` with devices, as tests run them on hvt.
 *
 * @module
 */
import { join } from "node:path";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { guest } from "../../guests.ts";
import { hostWorld, runHvt } from "./machine.ts";

/** Small, so that an emulating KVM has little to do. */
const MEMORY = 4 * 2 ** 20;

/** Loads a guest that prints nothing but its own output. */
export async function loadWith(
  name: string,
  devices: Record<string, Device>,
  args: readonly string[] = [],
): Promise<Guest> {
  const path = await guest(name, "hvt");
  return bind(parseUnikernel(Deno.readFileSync(path), { name: path }), {
    memory: MEMORY,
    args: ["--solo5:quiet", ...args],
    devices,
  });
}

/** Runs a guest to its end on this thread, and keeps what it prints. */
export async function runWith(
  name: string,
  devices: Record<string, Device>,
  args?: readonly string[],
): Promise<{ outcome: Outcome; output: string }> {
  const loaded = await loadWith(name, devices, args);
  using world = hostWorld(loaded.devices);
  const console = collector();
  world.write = console.write;
  return { outcome: runHvt(loaded, world), output: console.text() };
}

/** A console that keeps what is written. */
export function collector(): { write: (data: Uint8Array) => boolean; text: () => string } {
  let text = "";
  return {
    write: (data) => {
      text += new TextDecoder().decode(data);
      return true;
    },
    text: () => text,
  };
}

/** Runs a test with a path for a file of `size` zeros. */
export async function withImage(
  size: number,
  test: (path: string) => void | Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "image");
    await Deno.writeFile(path, new Uint8Array(size));
    await test(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
