/**
 * Machines whose memory is private over one image: they run as with memory of their own, and the image
 * stays as it was.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Halt } from "../../../abi/hvt.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Mapping } from "../../../linux/memory.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { memoryImage } from "../../../tender/hvt/machine_memory.ts";
import type { Observer } from "../../../tender/hvt/observer.ts";
import { HvtTender } from "../../../tender/hvt/tender.ts";
import { dumpCore } from "../../../tender/observe/core_dump.ts";
import { describe, type Outcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { collector } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { hostWorld, startVm } from "./machine.ts";
import { asm, DATA, fakeWorld, tinyGuest } from "./tiny_guest.ts";

const MEMORY = 4 * 2 ** 20;

/** What lies in memory when this guest begins. */
function imageOf(guest: Guest): Mapping {
  const tender = new HvtTender();
  using host = tender.open(guest);
  return memoryImage(tender.compile(guest, host.facts));
}

/** Runs a guest to its end. */
function run(guest: Guest, image?: Mapping): [Outcome, output: string] {
  using world = hostWorld();
  const console = collector();
  world.write = console.write;
  using vm = startVm(guest, { world, image });
  return [runBlocking(vm), console.text()];
}

for (const name of ["globals", "null_read", "write_rodata", "write_text"]) {
  kvmTest(`image: ${name} runs in memory that is private over one`, async () => {
    const path = await guest(name, "hvt");
    const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
    const loaded = bind(unikernel, { memory: MEMORY, args: ["--solo5:quiet"] });
    using image = imageOf(loaded);
    const before = image.bytes.slice();
    const expected = run(loaded);
    const [{ kind, ...end }] = expected;
    const ends = ["translation", "trap"];
    ok(kind !== "fault" || "reason" in end && ends.includes(end.reason), describe(expected[0]));
    for (let count = 0; count < 2; count++) deepEqual(run(loaded, image), expected);
    ok(before.every((byte, at) => byte === image.bytes[at]), "the image has changed");
  });
}

/** Adds 1 to the status that it halts with. */
const COUNTER = [
  ...asm.load(DATA + Halt.offsets.exitStatus),
  ...[0xff, 0xc0], // inc eax
  ...asm.store(DATA + Halt.offsets.exitStatus),
];

kvmTest("image: what one guest writes, no other sees", () => {
  const counter = tinyGuest([...COUNTER, ...asm.hypercall("halt", DATA)]);
  using image = imageOf(counter);
  for (let count = 0; count < 20; count++) {
    using vm = startVm(counter, { world: fakeWorld(), image });
    deepEqual(runBlocking(vm), { kind: "exit", status: 1 });
  }
});

kvmTest("image: the core of a guest over one has all of its memory", async () => {
  const code = [...COUNTER, ...asm.hypercall("halt", DATA)];
  const aborting = tinyGuest(code, { data: Halt.encode({ exitStatus: 254 }) });
  const { segments } = aborting.unikernel;
  const closed = {
    ...segments[1]!,
    start: DATA + 0x1000,
    end: DATA + 0x2000,
    address: DATA + 0x1000,
    data: new TextEncoder().encode("neither read nor written"),
    read: false,
    write: false,
  };
  const broken = {
    ...aborting,
    unikernel: { ...aborting.unikernel, segments: [...segments, closed] },
  };
  await inDirectory((directory) => {
    using image = imageOf(broken);
    const cores = [undefined, image].map((image, index) => {
      const path = `${directory}/${index}`;
      using vm = startVm(broken, { world: fakeWorld(), image, observers: [dumpCore(path)] });
      equal(runBlocking(vm).kind, "abort");
      return Deno.readFileSync(path);
    });
    deepEqual(cores[1], cores[0]);
    ok(new TextDecoder("latin1").decode(cores[0]).includes("neither read nor written"));
  });
});

kvmTest("image: a debugger gets memory that it can map once more", () => {
  const counter = tinyGuest([...COUNTER, ...asm.hypercall("halt", DATA)]);
  using image = imageOf(counter);
  let found: boolean | undefined;
  const debuggerLike: Observer = {
    attach({ memory, vcpu }) {
      found = memory.private;
      return { cpu: vcpu, bytes: memory.bytes };
    },
  };
  using vm = startVm(counter, { world: fakeWorld(), image, observers: [debuggerLike] });
  deepEqual([runBlocking(vm), found], [{ kind: "exit", status: 1 }, false]);
});
