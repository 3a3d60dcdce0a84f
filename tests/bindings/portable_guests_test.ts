/**
 * Every C guest of tests/guests, built once as a portable unikernel and put on each target, or packed: it
 * ends as the one that was built for that target does, and prints the same.
 */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { bindTo } from "../../bindings/bind_to.ts";
import {
  bind,
  block,
  type Device,
  type Fault,
  type Guest,
  net,
  type Outcome,
  pack,
  parseUnikernel,
  run,
  statusOf,
  type TenderTarget,
  type Unikernel,
} from "../../mod.ts";
import { guest } from "../guests.ts";
import { socketPair } from "../tender/devices/socket_pair.ts";
import { testUnless } from "../needs.ts";
import { noQemu } from "../tender/virtio/qemu_machine.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

const DIRECTORY = join(import.meta.dirname!, "../guests");

const GUESTS = Array.from(Deno.readDirSync(DIRECTORY), ({ name }) => name)
  .filter((name) => name.endsWith(".c")).map((name) => name.slice(0, -2)).sort();

/** Arguments of guests that do more with some. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  args: ["Hello", "two words", ""],
  exit_code: ["42"],
  block_random: ["7"],
  wire: ["flood 3"],
};

/** Guests that need more memory. */
const MEMORY: Readonly<Record<string, string>> = { devices63: "128 MiB" };

/**
 * Guests that are run on virtio: one for each device, for each part of the bindings, and for each way to
 * end, but for those of tests/tender/virtio/guests_test.ts. To start a machine takes as long as a dozen guests
 * of the others.
 */
const ON_VIRTIO =
  ("abort block block_random bridge broken_stack cpu devices63 exit_code guard net net_info " +
    "spin time triple_fault undefined wait").split(" ");

/** Guests that end only where they are stopped. */
const ENDLESS = ["call", "deaf", "spin", "wait", "wait_long"];
/** They are, after so many milliseconds. */
const SHORT = 20;

/** After so many milliseconds any other guest does not end, however slow the machine is. */
const TOO_LONG = 120_000;

/** A frame that guests pass on, and one at which they end. */
const FRAMES = [new Uint8Array(60).fill(5), new Uint8Array(15).fill("q".charCodeAt(0))];

/** How a guest ended, and all that was seen of it. */
interface Seen {
  readonly outcome: Outcome;
  readonly output: string;
  /** Of each network device. */
  readonly frames: readonly string[];
  /** Of each block device, at its end. */
  readonly blocks: readonly string[];
}

/** Runs a guest to its end; `begun` is to be called when it has printed something. */
type Runner = (
  guest: Guest,
  options: { name: string; directory: string; begun: () => void },
) => Promise<Pick<Seen, "outcome" | "output">>;

/** Runs a unikernel with devices of its own. */
async function see(unikernel: Unikernel, name: string, runner: Runner = onTarget): Promise<Seen> {
  const directory = Deno.makeTempDirSync();
  using cables = new DisposableStack();
  try {
    const devices: Record<string, Device> = {};
    const files: string[] = [];
    const pairs: ReturnType<typeof socketPair>[] = [];
    for (const { name, type } of unikernel.manifest.devices) {
      if (type === "BLOCK_BASIC") {
        const path = join(directory, name);
        Deno.writeFileSync(path, new Uint8Array(4096));
        files.push(path);
        devices[name] = block.file(path);
      } else {
        const pair = cables.use(socketPair({ datagrams: true }));
        pairs.push(pair);
        devices[name] = net.fd(pair.guest, { mac: "02:00:00:00:00:01" });
      }
    }
    const args = ["--solo5:quiet", ...ARGUMENTS[name] ?? []];
    // A machine loses what comes before it has started.
    let started = false;
    const begun = () => {
      if (!started) { for (const { send } of pairs) FRAMES.forEach(send); }
      started = true;
    };
    const guest = bind(unikernel, { memory: MEMORY[name] ?? "8 MiB", args, devices });
    return {
      ...await runner(guest, { name, directory, begun }),
      frames: pairs.map((pair) => {
        const frames = [];
        for (let frame = pair.receive(); frame !== undefined; frame = pair.receive()) {
          frames.push(frame.toHex());
        }
        return frames.join();
      }),
      blocks: files.map((path) => Deno.readFileSync(path).toHex()),
    };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

async function onTarget(guest: Guest, { name, begun }: Parameters<Runner>[1]) {
  let output = "";
  const decoder = new TextDecoder();
  const outcome = await run(guest, {
    console: (bytes) => {
      begun();
      output += decoder.decode(bytes);
    },
    limits: { timeout: ENDLESS.includes(name) ? SHORT : TOO_LONG },
  });
  const isStopped = outcome.kind === "limit" && !ENDLESS.includes(name);
  ok(!isStopped, `${name} does not end: it wants arguments, or to be among the endless`);
  return { outcome, output };
}

/** Runs a guest as its packed file; of its outcome there is a status. */
async function asFile(guest: Guest, { directory, begun }: Parameters<Runner>[1]) {
  const path = join(directory, "packed");
  Deno.writeFileSync(path, await pack(guest), { mode: 0o700 });
  const child = new Deno.Command(path, {
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let output = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    begun();
    output += piece;
  }
  const { code } = await child.status;
  return { outcome: { kind: "exit", status: code } as const, output };
}

/** What must be the same; addresses and random values are not. */
function comparable({ outcome, ...rest }: Seen): unknown {
  const { crash: _, address: __, frame: ___, ...end } = outcome as Outcome & Partial<Fault>;
  const text = JSON.stringify({ ...rest, end });
  return JSON.parse(text.replaceAll(/0x[0-9a-f]+|(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g, "…"));
}

async function load(name: string, target: TenderTarget | "any"): Promise<Unikernel> {
  return parseUnikernel(Deno.readFileSync(await guest(name, target)), { name });
}

async function compare(name: string, target: TenderTarget): Promise<void> {
  const portable = await load(name, "any");
  equal(portable.abi.target, "any");
  const bound = await see(await bindTo(portable, target), name);
  const direct = await see(await load(name, target), name);
  // How far an endless guest comes depends on what else the machine does.
  if (ENDLESS.includes(name)) deepEqual(bound.outcome, direct.outcome);
  else deepEqual(comparable(bound), comparable(direct));
}

for (const name of GUESTS) {
  Deno.test(`portable ${name}: as built for spt`, () => compare(name, "spt"));
  kvmTest(`portable ${name}: as built for hvt`, () => compare(name, "hvt"));
  if (ON_VIRTIO.includes(name)) {
    testUnless(noQemu, `portable ${name}: as built for virtio`, () => compare(name, "virtio"));
  }
  if (ENDLESS.includes(name)) continue;
  Deno.test(`portable ${name}: packed, as on spt`, async () => {
    const bound = await bindTo(await load(name, "any"), "spt");
    const { outcome, ...run } = await see(bound, name);
    const packed = await see(bound, name, asFile);
    deepEqual(
      comparable(packed),
      comparable({ ...run, outcome: { kind: "exit", status: statusOf(outcome) } }),
    );
  });
}

/** Runs a guest on spt from its portable file. */
async function onSpt(name: string): Promise<string> {
  return (await see(await bindTo(await load(name, "any"), "spt"), name)).output;
}

Deno.test("portable: the stack guard of the application is a random value", async () => {
  const [first, second] = [await onSpt("guard"), await onSpt("guard")];
  match(first, /^(?!0{16})[0-9a-f]{16}\nSUCCESS\n$/);
  notEqual(first, second);
});

Deno.test("portable: the heap begins behind zeroed memory of the application", async () => {
  equal(await onSpt("all_bss"), "SUCCESS\n");
});
