import assert from "node:assert/strict";
import fc from "fast-check";
import { openDescriptor } from "../../../../linux/descriptor.ts";
import { Mapping } from "../../../../linux/memory.ts";
import { DebugCpu } from "../../../../tender/observe/gdb/cpu.ts";
import { DebugMemory } from "../../../../tender/observe/gdb/memory.ts";
import { bytesOf, encodePacket, PacketReader } from "../../../../tender/observe/gdb/packet.ts";
import { FEATURES, REGISTERS, targetXml } from "../../../../tender/observe/gdb/registers.ts";
import { answer } from "../../../../tender/observe/gdb/stub.ts";
import { MachineTarget } from "../../../../tender/observe/gdb/target.ts";
import { WatchedPages } from "../../../../tender/observe/gdb/watchpoints.ts";
import type { Observer } from "../../../../tender/hvt/observer.ts";
import { kvmTest } from "../../hvt/kvm_available.ts";
import { asm, CODE, DATA, MEMORY, tinyGuest } from "../../hvt/tiny_guest.ts";
import { createVm, hostWorld, type TestMachine } from "../../hvt/machine.ts";

/** Writes 7 to memory, reads it, and exits. */
const PROGRAM = [
  ...[0xb8, 7, 0, 0, 0],
  ...asm.store(DATA + 0x100),
  ...asm.load(DATA + 0x100),
  ...asm.hypercall("halt", DATA),
];
const STORE = CODE + 5;

interface Bench extends Disposable {
  readonly vm: TestMachine;
  readonly cpu: DebugCpu;
  readonly target: MachineTarget;
  /** The stub's reply to a packet; undefined if there is none until the guest stops. */
  ask(packet: string): string | undefined;
}

/** A real machine with a tiny guest in it, under the stub, without a connection. */
function bench(): Bench {
  using resources = new DisposableStack();
  const world = resources.use(hostWorld());
  const parts: { cpu?: DebugCpu; memory?: DebugMemory } = {};
  const attach: Observer["attach"] = ({ vcpu, memory: window, machine }) => {
    const file = openDescriptor(`/proc/self/fd/${window.fd}`);
    const { bytes } = resources.use(new Mapping(file, MEMORY));
    const memory = parts.memory = new DebugMemory(bytes);
    const pages = new WatchedPages(machine, { window, bytes });
    return { cpu: parts.cpu = new DebugCpu({ vcpu, memory, pages }), bytes };
  };
  const vm = resources.use(createVm(tinyGuest(PROGRAM), world, [{ attach }]));
  const cpu = parts.cpu!;
  const target = new MachineTarget({ cpu, memory: parts.memory!, devices: [], tlsSize: 8 });
  const kept = resources.move();
  return {
    vm,
    cpu,
    target,
    ask: (packet) => answer(target, packet).reply,
    [Symbol.dispose]: () => kept.dispose(),
  };
}

const hex = (value: number) => value.toString(16);
const ripNumber = hex(REGISTERS.findIndex(({ name }) => name === "rip"));

kvmTest("stub: memory, registers, and what cannot be", () => {
  using machine = bench();
  const { ask } = machine;
  assert.equal(ask(`m${hex(CODE)},5`), "b807000000");
  assert.equal(ask(`M${hex(CODE)},1:b9`), "OK");
  assert.equal(ask(`m${hex(CODE)},2`), "b907");
  assert.equal(ask(`X${hex(CODE)},1:\xb8`), "OK");
  assert.equal(ask(`m${hex(MEMORY - 2)},8`), "0000", "as much as there is");
  assert.equal(ask(`m${hex(MEMORY)},1`), "E0e");
  assert.equal(ask("mffffffffffffffff,1"), "E0e");
  assert.equal(ask(`M${hex(MEMORY - 1)},2:0000`), "E0e");
  assert.equal(ask(`p${ripNumber}`), "0000100000000000");
  assert.equal(ask(`P${ripNumber}=0500100000000000`), "OK");
  assert.equal(ask(`p${ripNumber}`), "0500100000000000");
  assert.equal(ask("p999"), "E0e");
  assert.equal(ask("P0=00"), "E0e");
  for (
    const packet of ["m", "mx,1", "M1,1", "M1,2:00", "Gzz", "P0=0", "Z0", "qRcmd,1", "vCont;x"]
  ) {
    assert.equal(ask(packet), "E01", packet);
  }
  for (const packet of ["", "!", "vMustReplyEmpty", "qOffsets", "Z9,0,1"]) {
    assert.equal(ask(packet), "", packet);
  }
  const all = ask("g")!;
  assert.equal(ask(`G${all}`), "OK");
  assert.equal(ask("g"), all);
});

kvmTest("stub: breakpoints do not show in memory, and stop where they stand", () => {
  using machine = bench();
  const { ask, cpu, vm } = machine;
  const before = ask(`m${hex(CODE)},20`);
  assert.equal(ask(`Z0,${hex(STORE)},1`), "OK");
  assert.equal(ask(`m${hex(CODE)},20`), before);
  cpu.arm({ step: false });
  vm.step(1);
  assert.deepEqual(cpu.takeEvent(), { kind: "breakpoint" });
  assert.equal(vm.registers().rip, BigInt(STORE));
  assert.equal(ask(`z0,${hex(STORE)},1`), "OK");
  cpu.arm({ step: true });
  vm.step(1);
  assert.deepEqual(cpu.takeEvent(), { kind: "step" });
  assert.equal(vm.registers().rip, BigInt(STORE + 7));
});

kvmTest(
  "stub: watchpoints stop at the access that they are for, and are gone when taken away",
  () => {
    using machine = bench();
    const { ask, cpu, vm } = machine;
    const place = `${hex(DATA + 0x100)},4`;
    assert.equal(ask(`Z3,${place}`), "OK", "a read");
    cpu.arm({ step: false });
    let event;
    // A KVM on real hardware takes a turn to find out how it has to watch.
    while ((event = cpu.takeEvent()) === undefined) vm.step(1);
    assert.equal(event.kind, "watchpoint");
    assert.ok([STORE + 7, STORE + 14].includes(Number(vm.registers().rip)));
    assert.equal(ask(`z3,${place}`), "OK");
    cpu.arm({ step: false });
    assert.equal(vm.step().kind, "ended");
  },
);

Deno.test("target description: every register once, in the order of their numbers", () => {
  const names = [...targetXml().matchAll(/<reg name="(\w+)" bitsize="(\d+)"/g)];
  assert.deepEqual(
    names.map(([, name, size]) => [name, Number(size)]),
    REGISTERS.map(({ name, size }) => [name, size]),
  );
  assert.equal(new Set(REGISTERS.map(({ name }) => name)).size, REGISTERS.length);
  assert.equal(FEATURES[0]!.registers.length, 40);
});

/** Packets of every kind, right and wrong, whose writes stay within a page of data. */
const numberText = fc.oneof(
  fc.nat(MEMORY + 0x1000).map(hex),
  fc.bigInt(0n, 2n ** 64n - 1n).map((value) => value.toString(16)),
  fc.string({ maxLength: 4 }),
);
const digits = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((bytes) =>
    bytes.reduce((text, byte) => text + hex(byte), "")
  ),
  fc.string({ maxLength: 8 }),
);
const name = fc.constantFrom(
  ..."? g p P m vCont; vCont? H T qSupported qXfer:features:read:target.xml: qC".split(" "),
  ..."qfThreadInfo qsThreadInfo qSymbol qGetTLSAddr: qRcmd, Z0, Z1, Z2, Z3, Z4, z0, z1".split(" "),
  ..."z2, z3, z4, c s C S D k vKill G M X".split(" "),
);
const shaped = fc.tuple(name, fc.array(fc.oneof(numberText, digits), { maxLength: 3 }))
  .map(([name, parts]) => name + parts.join(","));
const packet = fc.oneof(shaped, fc.string({ unit: "binary", maxLength: 30 }));
const noise = fc.oneof(
  { weight: 3, arbitrary: packet.map((text) => encodePacket(text.replace(/[^\0-\xff]/g, "?"))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);

kvmTest("stub: 100,000 random packets are answered or ignored, and the guest still runs", () => {
  using machine = bench();
  const { target, cpu, vm } = machine;
  const registers = machine.ask("g")!;
  const memory = target.readMemory(0, MEMORY)!;
  const reader = new PacketReader();
  const seen = { packets: 0, errors: 0 };
  for (const bytes of fc.sample(noise, { numRuns: 100_000, seed: 20_261_121 })) {
    for (const received of reader.read(bytes)) {
      seen.packets++;
      if (received.kind !== "packet") continue;
      const { reply, go } = answer(target, received.content);
      assert.ok(reply !== undefined || go !== undefined);
      if (reply?.startsWith("E")) seen.errors++;
      if (go !== undefined) cpu.arm({ step: go === "step" });
    }
  }
  assert.ok(seen.packets > 50_000 && seen.errors > 5_000, JSON.stringify(seen));
  cpu.disarm();
  assert.ok(target.writeMemory(0, memory));
  assert.equal(machine.ask(`G${registers}`), "OK");
  assert.deepEqual(vm.step(), { kind: "ended", outcome: { kind: "exit", status: 0 } });
  assert.equal(bytesOf(machine.ask(`m${hex(DATA + 0x100)},1`)!).length, 2);
});
