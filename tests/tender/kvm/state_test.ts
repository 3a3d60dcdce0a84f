import assert from "node:assert/strict";
import fc from "fast-check";
import { HYPERCALL_PORT } from "../../../abi/hvt.ts";
import { guestMemory, type Mapping } from "../../../linux/memory.ts";
import { compileMachine } from "../../../tender/hvt/machine.ts";
import { openKvm } from "../../../tender/kvm/open.ts";
import {
  restoreVcpu,
  saveVcpu,
  type StateForm,
  stateForm,
  VCPU_STATE_VERSION,
  type VcpuState,
} from "../../../tender/kvm/state.ts";
import type { System } from "../../../tender/kvm/system.ts";
import type { Msr, Vcpu } from "../../../tender/kvm/vcpu.ts";
import { kvmTest } from "../hvt/kvm_available.ts";
import { asm, CODE, DATA, MEMORY, tinyGuest } from "../hvt/tiny_guest.ts";
import { cpuidWith } from "../hvt/cpuid.ts";

/** Exits of {@linkcode PROGRAM} before its last one. */
const ROUNDS = 6;
const ASK = 1;
const END = 2;
/** Where the FPU's registers come from, and where they go. */
const FPU_FROM = DATA + 0x200;
const FPU_TO = DATA + 0x400;

/**
 * Adds up what it is told in a register, holds the FPU's registers meanwhile, points FS elsewhere with
 * an instruction, and leaves all three in memory.
 */
const PROGRAM = [
  ...[0x0f, 0xae, 0x0c, 0x25, ...word(FPU_FROM)], // fxrstor [FPU_FROM]
  ...[0xb9, ...word(0xc000_0100), 0xb8, ...word(DATA), 0x31, 0xd2, 0x0f, 0x30], // wrmsr: FS base
  ...[0xbb, ...word(ROUNDS)], // mov ebx, ROUNDS
  ...asm.out32(HYPERCALL_PORT + ASK, DATA),
  ...[0x03, 0x2c, 0x25, ...word(DATA)], // add ebp, [DATA]
  ...[0xff, 0xcb], // dec ebx
  ...[0x75, 0x100 - 22], // jnz to the out32
  ...[0x64, 0x89, 0x2c, 0x25, ...word(0x10)], // mov fs:[16], ebp
  ...[0x0f, 0xae, 0x04, 0x25, ...word(FPU_TO)], // fxsave [FPU_TO]
  ...asm.out32(HYPERCALL_PORT + END, DATA),
];

/** A vCPU in memory of its own, and what answers its exits. */
interface Running extends Disposable {
  readonly vcpu: Vcpu;
  readonly memory: Mapping;
  readonly form: StateForm;
}

function machine(): Running {
  using resources = new DisposableStack();
  const memory = resources.use(guestMemory(MEMORY));
  using system = openKvm();
  const vm = resources.use(system.createVm());
  vm.setMemoryRegion({ memorySize: MEMORY, userspaceAddr: memory.address });
  const vcpu = resources.use(vm.createVcpu(0, system.vcpuMmapSize()));
  vcpu.setCpuid(system.supportedCpuid());
  const form = stateForm(system);
  const kept = resources.move();
  return { vcpu, memory, form, [Symbol.dispose]: () => kept.dispose() };
}

function begin(running: Running, fpu: Uint8Array): void {
  const data = new Uint8Array(0x800);
  data.set(fpu, FPU_FROM - DATA);
  load(running, PROGRAM, data);
}

function load({ vcpu, memory }: Running, code: readonly number[], data?: Uint8Array): void {
  const guest = tinyGuest(code, { data });
  const { contents, specialRegisters, registers } = compileMachine(guest, {
    cycleFrequency: 1n,
    cpuid: cpuidWith({ noExecute: false }),
    devices: [],
  });
  for (const { address, data } of contents) memory.bytes.set(data, address);
  vcpu.setSpecialRegisters({ ...vcpu.specialRegisters(), ...specialRegisters });
  vcpu.setRegisters(registers);
}

/** Runs for some exits, each answered with its number; `from` were answered before. */
function answer({ vcpu, memory }: Running, { from, to }: { from: number; to: number }): void {
  const view = new DataView(memory.bytes.buffer);
  for (let round = from; round < to;) {
    const exit = vcpu.run();
    if (exit.kind === "intr") continue;
    assert.ok(exit.kind === "io", exit.kind);
    assert.equal(exit.port - HYPERCALL_PORT, round < ROUNDS ? ASK : END);
    if (round < ROUNDS) view.setUint32(exit.value, 1000 + round, true);
    round++;
  }
}

/** What the guest leaves in memory: the sum, and the FPU's registers. */
function result({ memory }: Running): [number, Uint8Array] {
  const sum = new DataView(memory.bytes.buffer).getUint32(DATA + 0x10, true);
  return [sum, memory.bytes.slice(FPU_TO, FPU_TO + 416)];
}

function save({ vcpu, form }: Running): VcpuState {
  return saveVcpu(vcpu, form);
}

/** An image for FXRSTOR: the default control words, and what the registers hold. */
function fpuImage(registers: Uint8Array): Uint8Array {
  const image = new Uint8Array(512);
  new DataView(image.buffer).setUint16(0, 0x37f, true);
  new DataView(image.buffer).setUint32(24, 0x1f80, true);
  image.set(registers, 160);
  return image;
}

const registers = fc.uint8Array({ minLength: 256, maxLength: 256 });

kvmTest("vCPU state: a guest goes on in another machine from any exit", () => {
  fc.assert(
    fc.property(registers, fc.integer({ min: 0, max: ROUNDS }), (fpu, exits) => {
      using first = machine();
      begin(first, fpuImage(fpu));
      answer(first, { from: 0, to: exits });
      const state = structuredClone(save(first));
      using second = machine();
      second.memory.bytes.set(first.memory.bytes);
      restoreVcpu(second.vcpu, state, second.form);
      answer(second, { from: exits, to: ROUNDS + 1 });
      answer(first, { from: exits, to: ROUNDS + 1 });
      const sum = Array.from({ length: ROUNDS }, (_, n) => 1000 + n).reduce((a, b) => a + b);
      const [found, image] = result(second);
      assert.equal(found, sum);
      assert.deepEqual(image.subarray(160), fpu);
      assert.deepEqual(result(second), result(first));
    }),
    { numRuns: 20 },
  );
});

kvmTest("vCPU state: what is restored is what is saved again", () => {
  using first = machine();
  begin(first, fpuImage(new Uint8Array(256).fill(0xa5)));
  answer(first, { from: 0, to: 2 });
  const state = save(first);
  assert.ok(state.msrs.length > 10, `${state.msrs.length} registers`);
  assert.notEqual(state.parts.XSAVE ?? state.parts.FPU, undefined);
  assert.ok(state.parts.VCPU_EVENTS !== undefined && state.parts.MP_STATE !== undefined);
  using second = machine();
  restoreVcpu(second.vcpu, state, second.form);
  const again = save(second);
  assert.deepEqual({ ...again, msrs: [] }, { ...state, msrs: [] });
  // Clocks go on; everything else stands still.
  const clocks = new Set([0x10, 0x3b]);
  const still = ({ msrs }: VcpuState) => msrs.filter(({ index }) => !clocks.has(index));
  assert.deepEqual(still(again), still(state));
  const counter = ({ msrs }: VcpuState) => msrs.find(({ index }) => index === 0x10)!.data;
  assert.ok(counter(again) >= counter(state), "the time stamp counter went back");
});

kvmTest("vCPU state: an instruction that waits for its answer is completed first", () => {
  using running = machine();
  const code = asm.in32(0x3f8);
  load(running, code);
  assert.equal(running.vcpu.run().kind, "io");
  assert.equal(save(running).registers.rip, BigInt(CODE + code.length));
});

kvmTest("vCPU state: one of another version, or that this host cannot have, is refused", () => {
  using running = machine();
  const state = save(running);
  const version = VCPU_STATE_VERSION + 1 as typeof VCPU_STATE_VERSION;
  assert.throws(
    () => restoreVcpu(running.vcpu, { ...state, version }, running.form),
    /is of version 2/,
  );
  const unknown = { index: 0x7ff_ffff, data: 1n };
  const msrs = [...state.msrs, unknown];
  assert.throws(
    () => restoreVcpu(running.vcpu, { ...state, msrs }, running.form),
    /has 0x1 in register 0x7ffffff: this host cannot restore it/,
  );
});

/** A vCPU whose registers from 100 on cannot be read, and the parts of it that were asked for. */
function scriptedVcpu(): { vcpu: Vcpu; asked: [string, number][] } {
  const asked: [string, number][] = [];
  const vcpu = {
    complete: () => {},
    tscKhz: () => 1,
    registers: () => ({}),
    specialRegisters: () => ({}),
    part: (name: string, size: number) => {
      asked.push([name, size]);
      return new Uint8Array(size);
    },
    msrs: (indices: Uint32Array) => {
      const end = indices.findIndex((index) => index >= 100);
      return Array.from(indices.subarray(0, end < 0 ? undefined : end), (index) => ({
        index,
        data: 7n,
      }));
    },
  };
  return { vcpu: vcpu as unknown as Vcpu, asked };
}

Deno.test("vCPU state: of a list of registers, those are left out that cannot be read, and no other", () => {
  const lists = [[], [1], [100], [1, 100], [100, 1], [100, 101, 1, 2, 102, 3, 103, 104], [1, 2, 3]];
  for (const list of lists) {
    const form = { parts: [], wide: false, msrIndices: Uint32Array.from(list) };
    const { msrs } = saveVcpu(scriptedVcpu().vcpu, form);
    assert.deepEqual(msrs.map(({ index }) => index), list.filter((index) => index < 100));
  }
});

Deno.test("vCPU state: registers that are larger than their first form are asked for in the second", () => {
  for (const [XSAVE2, name, size] of [[0, "XSAVE", 4096], [11008, "XSAVE2", 11008]] as const) {
    const has = { XSAVE: 1, XSAVE2, XCRS: 1, DEBUGREGS: 1 } as Record<string, number>;
    const form = stateForm({
      checkExtension: (capability: string) => has[capability] ?? 0,
      msrIndices: () => new Uint32Array(),
    } as unknown as System);
    const { vcpu, asked } = scriptedVcpu();
    const { parts } = saveVcpu(vcpu, form);
    assert.deepEqual(asked.filter(([name]) => name.startsWith("XSAVE")), [[name, size]]);
    assert.equal(parts.XSAVE?.length, size);
  }
});

Deno.test("vCPU state: a young guest's time does not go back where the kernel joins counters that are close", () => {
  const second = 1_000_000n;
  for (const saved of [1n, second / 2n, 3n * second, 2n ** 62n, 2n ** 63n + 5n]) {
    let counter = 10n;
    const vcpu = {
      tscKhz: () => Number(second) / 1000,
      setSpecialRegisters: () => {},
      setRegisters: () => {},
      setMsrs: (msrs: readonly Msr[]) => {
        for (const { data } of msrs) {
          const close = data < counter + second && data + second > counter;
          if (!close) counter = data;
        }
        return msrs.length;
      },
    };
    const state = {
      version: VCPU_STATE_VERSION,
      tscKhz: vcpu.tscKhz(),
      parts: {},
      msrs: [{ index: 0x10, data: saved }],
    };
    const form = { parts: [], wide: false, msrIndices: new Uint32Array() };
    restoreVcpu(vcpu as unknown as Vcpu, state as unknown as VcpuState, form);
    assert.equal(counter, saved);
  }
});

kvmTest("vCPU state: the list of registers is the kernel's, without its length", () => {
  using system = openKvm();
  const indices = system.msrIndices();
  assert.notEqual(indices[0], indices.length);
  // The time stamp counter, and the system calls' entry point.
  for (const index of [0x10, 0xc000_0082]) assert.ok(indices.includes(index));
});

kvmTest("vCPU state: its clock's frequency is kept, or it is refused", () => {
  using running = machine();
  const state = save(running);
  const tscKhz = state.tscKhz * 2;
  try {
    restoreVcpu(running.vcpu, { ...state, tscKhz }, running.form);
    assert.equal(running.vcpu.tscKhz(), tscKhz);
  } catch (error) {
    assert.match(String(error), /counts time at \d+ kHz: this host cannot restore it/);
    assert.equal(running.vcpu.tscKhz(), state.tscKhz);
  }
});

function word(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}
