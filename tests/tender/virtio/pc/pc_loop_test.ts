/**
 * The loop of a PC of our own, over a CPU that stops as a test tells it to.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { VirtioKind } from "../../../../tender/devices/kind.ts";
import { GuestView } from "../../../../tender/hvt/guest_view.ts";
import { hasHardware } from "../../../../tender/kvm/open.ts";
import { emulatorFor } from "../../../../tender/virtio/about.ts";
import { PcLoop } from "../../../../tender/virtio/pc/pc_loop.ts";
import type { Exit } from "../../../../tender/kvm/exit.ts";
import type { Vcpu } from "../../../../tender/kvm/vcpu.ts";
import { CALLS } from "../../../../tender/hvt/run_loop.ts";
import { fakeWorld } from "../../hvt/tiny_guest.ts";

const DEVICE = 0xc000;
const QUEUE_ADDRESS = DEVICE + 8;
const QUEUE_NOTIFY = DEVICE + 16;
const INTERRUPT = DEVICE + 19;
const AVAILABLE_INDEX = 0x1000 + 16 * 256 + 2;

/** Serves what it is told to. */
class FakeKind implements VirtioKind {
  readonly type = 1;
  readonly queues = 1;
  readonly input = 0;
  ready = false;
  describe() {
    return { features: 0, config: new Uint8Array() };
  }
  serve() {
    return this.ready ? 0 : undefined;
  }
}

/** A loop over these exits; what the guest read, what it printed, and a clock that the test sets. */
function scripted(exits: readonly Exit[], { rflags = 0x202n } = {}) {
  const rest = [...exits];
  const kind = new FakeKind();
  const seen = { inputs: [] as number[], printed: "", now: 0n };
  const world = {
    ...fakeWorld(),
    devices: [{ properties: {} } as never],
    monotonic: () => seen.now,
    write: (data: Uint8Array) => {
      seen.printed += new TextDecoder().decode(data);
      return true;
    },
  };
  const vcpu = {
    run: () => rest.shift() ?? { kind: "shutdown" } as const,
    registers: () => ({ rip: 0x10_0abcn, rflags }),
    answerInput: (value: number) => void seen.inputs.push(value),
  } as unknown as Vcpu;
  const memory = new Uint8Array(0x1_0000);
  const guest = new GuestView(memory, []);
  const calls = {
    ...CALLS,
    resumePoll: (...[, , wait]: Parameters<typeof CALLS.resumePoll>) => loop.wake(wait),
  };
  const context = { guest, world, handles: 0n };
  const loop: PcLoop = new PcLoop({ cpu: vcpu, vcpu, context, calls }, [kind]);
  return { loop, kind, seen, view: new DataView(memory.buffer) };
}

const HLT: Exit = { kind: "hlt" };

function out(port: number, value: number, size = 1): Exit {
  return { kind: "io", out: true, port, size, count: 1, value };
}

function input(port: number, size = 1): Exit {
  return { kind: "io", out: false, port, size, count: 1, value: 0 };
}

const END = out(0x501, 41, 2);

Deno.test("PC: a guest ends with what it said, with 83 if it said nothing, or gives up", () => {
  const outcome = (...exits: Exit[]) => scripted(exits).loop.step();
  deepEqual(outcome(out(0xe9, 7), END), { kind: "ended", outcome: { kind: "exit", status: 7 } });
  deepEqual(outcome(END), { kind: "ended", outcome: { kind: "exit", status: 83 } });
  deepEqual(outcome(out(0xe9, 255), END), { kind: "ended", outcome: { kind: "abort" } });
});

Deno.test("PC: ports that there are not read as all ones, and take what is written", () => {
  const { loop, seen } = scripted([
    out(0x20, 0x11),
    input(0x21),
    input(0xe9),
    input(0xc040, 4),
    input(0xc03e, 4),
    END,
  ]);
  loop.step();
  deepEqual(seen.inputs, [0xffff_ffff, 0xe9, 0xffff_ffff, 0xffff_ffff]);
});

Deno.test("PC: what is printed comes by lines, and the rest before anything else is waited for", () => {
  const letters = (text: string) => [...text].map((one) => out(0x3f8, one.charCodeAt(0)));
  const { loop, seen } = scripted([...letters("one\ntwo"), HLT]);
  equal(loop.step(7).kind, "budget");
  equal(seen.printed, "one\n");
  equal(loop.step().kind, "wait");
  equal(seen.printed, "one\ntwo");
  const ended = scripted([...letters("three"), END]);
  ended.loop.step();
  equal(ended.seen.printed, "three");
});

Deno.test("PC: a halt ends at the timer's time", () => {
  const { loop, seen } = scripted([out(0x43, 0x30), out(0x40, 0), out(0x40, 0x10), HLT, END]);
  const stop = loop.step();
  deepEqual(stop, { kind: "wait", deadline: 3_432_837n, until: 3_432_837n, handles: 0n });
  seen.now = 3_432_836n;
  deepEqual(loop.step(), stop);
  seen.now++;
  equal(loop.step().kind, "ended");
});

Deno.test("PC: a halt without interrupts is for ever, and a string of ports is none", () => {
  for (
    const [exit, reason] of [
      [HLT, "halted"],
      [{ ...input(0x60), count: 2 }, "port"],
      [{ kind: "mmio", address: 0xfee0_0000n, length: 4, write: false }, "mmio"],
    ] as const
  ) {
    const stop = scripted([exit as Exit], { rflags: 2n }).loop.step();
    ok(stop.kind === "ended" && stop.outcome.kind === "fault");
    equal(stop.outcome.reason, reason);
  }
});

Deno.test("PC: input ends a halt once, and is waited for where there is memory for it", () => {
  const { loop, kind, view } = scripted([out(QUEUE_ADDRESS, 1, 4), HLT, HLT]);
  const handles = () => {
    const stop = loop.step();
    ok(stop.kind === "wait");
    return stop.handles;
  };
  equal(handles(), 0n);
  view.setUint16(AVAILABLE_INDEX, 2, true);
  equal(handles(), 2n);
  kind.ready = true;
  // Two requests are served at once; the next halt waits again, for nothing.
  equal(handles(), 0n);
  view.setUint16(AVAILABLE_INDEX, 3, true);
  kind.ready = false;
  equal(handles(), 2n);
});

Deno.test("PC: an interrupted run is a chance for input, and an interrupt is read once", () => {
  const { loop, kind, seen, view } = scripted([
    out(QUEUE_ADDRESS, 1, 4),
    { kind: "intr" },
    input(INTERRUPT),
    input(INTERRUPT),
    END,
  ]);
  view.setUint16(AVAILABLE_INDEX, 1, true);
  kind.ready = true;
  loop.step();
  deepEqual(seen.inputs, [1, 0]);
});

Deno.test("PC: what a guest gives a device against the rules ends it", () => {
  const { loop, view } = scripted([out(QUEUE_ADDRESS, 1, 4), out(QUEUE_NOTIFY, 0, 2)]);
  view.setUint16(AVAILABLE_INDEX, 300, true);
  const stop = loop.step();
  ok(stop.kind === "ended" && stop.outcome.kind === "fault");
  match(stop.outcome.message, /^guest gave a virtio device a queue with 300 requests$/);
});

Deno.test("virtio: QEMU runs what gdb is to debug, and what is asked for is taken", () => {
  equal(emulatorFor({ debugged: true, emulator: "kvm" }), "qemu");
  equal(emulatorFor({ emulator: "kvm" }), "kvm");
  equal(emulatorFor({ emulator: "qemu" }), "qemu");
  equal(emulatorFor({}), hasHardware() ? "kvm" : "qemu");
});
