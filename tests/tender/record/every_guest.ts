/**
 * Every C guest of tests/guests, with the devices that it wants, recorded and replayed.
 *
 * @module
 */
import { join } from "node:path";
import { bindTo } from "../../../bindings/bind_to.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind, type TenderTarget } from "../../../tender/guest.ts";
import { record } from "../../../tender/record/replay.ts";
import { guest } from "../../guests.ts";
import { socketPair } from "../devices/socket_pair.ts";
import { printing, replays } from "./recorded.ts";

const DIRECTORY = join(import.meta.dirname!, "../../guests");

/** Their names. */
export const EVERY_GUEST: readonly string[] = Array.from(
  Deno.readDirSync(DIRECTORY),
  ({ name }) => name,
).filter((name) => name.endsWith(".c")).map((name) => name.slice(0, -2)).sort();

/** Arguments of guests that do more with some. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  args: ["Hello", "two words", ""],
  bench_clock: ["100"],
  exit_code: ["42"],
  block_random: ["7"],
  hostile_touch: ["r0"],
  wire: ["flood 3"],
};

/** Guests that go on until they are stopped, and what computes for ever, whose replay has no end either. */
const ENDLESS: Readonly<Record<string, number>> = { call: 30, wait: 30, wait_long: 30, wire: 300 };
/** How long others may take, in milliseconds, however slow the machine is. */
const TOO_LONG = 60_000;

/** Guests that compute for ever, or that their target does not run on every machine. */
export const LEFT_OUT: Readonly<Record<TenderTarget, readonly string[]>> = {
  spt: ["spin"],
  // The KVM of a virtual machine may lack vector instructions.
  hvt: ["spin", "fpu", "steps"],
  virtio: [],
};

/** A frame that guests pass on, and one at which they end. */
const FRAMES = [new Uint8Array(60).fill(5), new Uint8Array(15).fill("q".charCodeAt(0))];

/** Records a guest, and replays it so many times: the console, memory and the end have to be the same. */
export async function recordGuest(
  name: string,
  { target, times }: { target: TenderTarget; times: number },
): Promise<void> {
  const path = await guest(name, "any");
  const unikernel = await bindTo(parseUnikernel(Deno.readFileSync(path), { name }), target);
  const directory = Deno.makeTempDirSync();
  using opened = new DisposableStack();
  opened.defer(() => Deno.removeSync(directory, { recursive: true }));
  const devices = Object.fromEntries(unikernel.manifest.devices.map(({ name, type }) => {
    if (type === "BLOCK_BASIC") {
      const file = join(directory, name);
      Deno.writeFileSync(file, new Uint8Array(4096));
      return [name, block.file(file)] as [string, Device];
    }
    const pair = opened.use(socketPair({ datagrams: true }));
    FRAMES.forEach(pair.send);
    return [name, net.fd(pair.guest, { mac: "02:00:00:00:00:01" })] as [string, Device];
  }));
  const args = ["--solo5:quiet", ...ARGUMENTS[name] ?? []];
  const memory = name === "devices63" ? "128 MiB" : "8 MiB";
  const said = printing();
  const { outcome, recording } = await record(bind(unikernel, { memory, args, devices }), {
    console: said.console,
    limits: { timeout: ENDLESS[name] ?? TOO_LONG },
  });
  await replays(recording, { times, text: said.text(), outcome });
}
