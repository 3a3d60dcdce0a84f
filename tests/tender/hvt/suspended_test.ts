/**
 * Suspended runs as files: whole or refused, and as confined as any guest, whoever wrote them.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { viewOf } from "../../../abi/layout.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind } from "../../../tender/guest.ts";
import type { MachineState } from "../../../tender/hvt/machine_state.ts";
import { encodeSuspended, parseSuspended } from "../../../tender/hvt/suspended.ts";
import { run, start } from "../../../tender/run/event_loop.ts";
import { socketPair } from "../devices/socket_pair.ts";
import { loadWith } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { suspendedFile, suspendedGuest, suspendedState } from "./suspended_file.ts";

/** The same numbers each time, each from 0 up to but not including `end`. */
function seededRandom(seed: number): (end: number) => number {
  let state = seed;
  return (end) => (state = Math.imul(state, 1_103_515_245) + 12_345 >>> 0) % end;
}

const NAMED = { name: "run.susp" };

Deno.test("suspended: what was written is read again", () => {
  const guest = suspendedGuest();
  const { unikernel, options, from } = parseSuspended(suspendedFile(), NAMED);
  const { ring, ...state } = suspendedState(guest);
  equal(ring, undefined);
  deepEqual(from, state);
  deepEqual(options, { memory: guest.memorySize, args: [guest.commandLine] });
  deepEqual(unikernel, guest.unikernel);
});

Deno.test("suspended: a file with any byte changed is refused, and so is one that is cut off", () => {
  const file = suspendedFile();
  const refused = (changed: Uint8Array) =>
    throws(() => parseSuspended(changed, NAMED), {
      name: "TenderError",
      message: /^run\.susp: not a suspended run: .*[^\n]$/,
    });
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at]! ^= 1 << at % 8;
    refused(changed);
  }
  for (let length = 0; length < file.length; length += 7) refused(file.subarray(0, length));
  refused(Uint8Array.from([...file, 0]));
});

Deno.test("suspended: a file whose parts are not as its description says is refused", () => {
  const refused = (change: (parts: { size: number; rawSize: number }[]) => void, more = 0) => {
    const file = suspendedFile();
    const length = viewOf(file).getUint32(12, true);
    const description = JSON.parse(new TextDecoder().decode(file.subarray(48, 48 + length)));
    change(description.parts);
    const json = new TextEncoder().encode(JSON.stringify(description));
    const content = Uint8Array.from([
      ...json,
      ...file.subarray(48 + length),
      ...Array(more).fill(0),
    ]);
    const changed = Uint8Array.from([...file.subarray(0, 48), ...content]);
    viewOf(changed).setUint32(12, json.length, true);
    changed.set(createHash("sha256").update(content).digest(), 16);
    throws(() => parseSuspended(changed, NAMED), {
      message: "run.susp: not a suspended run: its description does not fit what is in it",
    });
  };
  refused(() => {}, 1);
  refused((parts) => void parts.at(-1)!.size++);
  refused((parts) => parts.forEach((part) => part.size < part.rawSize && part.rawSize++));
});

Deno.test("suspended: a file of another version is refused, and says so", () => {
  const file = suspendedFile();
  viewOf(file).setUint32(8, 2, true);
  const message = "run.susp: not a suspended run: it is of version 2, and 1 is known";
  throws(() => parseSuspended(file, NAMED), { message });
});

/** A guest that waits for frames, suspended; and what it was given. */
async function suspendedOnNetwork(fd: number, mac: string): Promise<Uint8Array> {
  const guest = await loadWith("net", { service: net.fd(fd, { mac }) });
  await using first = await start(guest, { capturable: true, console: () => {} });
  while (first.steps!.step().kind !== "wait");
  return encodeSuspended(guest, first.steps!.capture!());
}

const MAC = "02:00:00:00:00:07";
const QUIT = new Uint8Array(15).fill("q".charCodeAt(0), 14);

kvmTest(
  "suspended: it goes on as often as one likes, with devices like those that it had",
  async () => {
    using before = socketPair();
    const file = await suspendedOnNetwork(before.guest, MAC);
    for (let count = 0; count < 2; count++) {
      using pair = socketPair();
      const { unikernel, options, from } = parseSuspended(file, NAMED);
      const guest = bind(unikernel, {
        ...options,
        devices: { service: net.fd(pair.guest, { mac: MAC }) },
      });
      const frame = Uint8Array.from({ length: 60 }, (_, at) => at);
      pair.send(frame);
      pair.send(QUIT);
      let text = "";
      const console = (output: Uint8Array) => text += new TextDecoder().decode(output);
      deepEqual(await run(guest, { from, console }), { kind: "exit", status: 0 });
      equal(text, "SUCCESS\n");
      equal(pair.receive()?.length, 60);
    }
  },
);

kvmTest("suspended: a device that differs is refused in one line", async () => {
  using pair = socketPair();
  const { unikernel, options, from } = parseSuspended(
    await suspendedOnNetwork(pair.guest, MAC),
    NAMED,
  );
  const service = net.fd(pair.guest, { mac: "02:00:00:00:00:08" });
  const guest = bind(unikernel, { ...options, devices: { service } });
  const message = `descriptor ${pair.guest}: cannot take over the state of a device with mac ` +
    "02:00:00:00:00:07; its own is 02:00:00:00:00:08";
  await rejects(run(guest, { from }), { code: "device", message });
});

kvmTest("suspended: one that was changed on purpose is a guest like any other", async () => {
  const guest = await loadWith("ticks", {});
  await using first = await start(guest, { capturable: true, console: () => {} });
  first.steps!.step(3);
  const state = first.steps!.capture!() as MachineState;
  const random = seededRandom(7);
  for (let count = 0; count < 20; count++) {
    const changed = structuredClone(state);
    // Text and data, where the guest goes on, and its stack.
    for (const { data } of changed.contents) {
      for (let times = 0; times < 50; times++) data[random(data.length)] = random(256);
    }
    const { registers } = changed.vcpu as { registers: Record<string, bigint | number> };
    registers.rip = 0x10_0000n + BigInt(random(0x2000));
    registers.rsp = BigInt(random(2 ** 32));
    const file = encodeSuspended(guest, changed);
    const { unikernel, options, from } = parseSuspended(file, NAMED);
    const outcome = await run(bind(unikernel, options), {
      from,
      console: () => {},
      limits: { cpuTime: 50, timeout: 200, consoleRate: 10_000 },
    });
    // However it ends, it is the guest that ends.
    ok(["exit", "abort", "fault", "limit"].includes(outcome.kind), outcome.kind);
  }
});

Deno.test("suspended: runs of other targets cannot be", () => {
  const state = { target: "spt", version: 1 } as const;
  throws(() => encodeSuspended(suspendedGuest(), state), {
    message: "small.hvt: only runs of hvt can be suspended",
  });
});
