/**
 * The CPU that guests of hvt see, made from CPUs that this host does not have, and seen from a guest.
 */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "../../../abi/layout.ts";
import { CpuidHeader } from "../../../tender/kvm/abi.ts";
import { openKvm } from "../../../tender/kvm/open.ts";
import { type CpuModel, guestCpuid, hasNoExecute } from "../../../tender/hvt/cpu_model.ts";
import { PacedOutput } from "../../../tender/hvt/paced_output.ts";
import { closeCounters, HvtTender } from "../../../tender/hvt/tender.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { guest } from "../../guests.ts";
import { stepUnless } from "../../needs.ts";
import { soloden } from "../../soloden.ts";
import { cpuidOf, entriesOf, type Entry } from "./cpuid.ts";
import { collector, loadWith } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";

const ALL = 0xffff_ffff;
const FULL = { eax: ALL, ebx: ALL, ecx: ALL, edx: ALL };
/** Leaves with sub-leaves. */
const INDEXED = [4, 7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x1d, 0x1e, 0x1f, 0x20, 0x23, 0x24];

/** A CPU that has every feature, in every leaf up to 0x2f of each range. */
function everything(): Uint8Array<ArrayBuffer> {
  const entries: Entry[] = [];
  for (const base of [0, 0x4000_0000, 0x8000_0000, 0xc000_0000]) {
    for (let leaf = base; leaf < base + 0x30; leaf++) {
      const indices = INDEXED.includes(leaf) ? [0, 1, 2, 3] : [undefined];
      for (const index of indices) entries.push({ function: leaf, index, ...FULL });
    }
  }
  return cpuidOf(entries);
}

/** Bits that no guest may see set: by leaf and register. Numbers from Intel's SDM and AMD's APM. */
const FORBIDDEN: readonly (readonly [leaf: string, register: keyof typeof FULL, bits: number[]])[] =
  [
    ["1", "ecx", [2, 3, 4, 5, 6, 15, 21, 24]],
    ["1", "edx", [21, 22, 28, 29, 31]],
    ["7.0", "ebx", [2, 4, 11, 12, 15, 25]],
    ["7.0", "ecx", [5, 23, 29, 30]],
    ["7.0", "edx", [1, 5, 16, 18, 19]],
    ["80000001", "ecx", [2, 10, 12, 15, 23, 24, 28]],
  ];

/** Leaves of the PMU, SGX, trace, resource monitoring, topology, KVM, SVM, IBS and SEV. */
const ABSENT = [
  ...["5", "6", "a", "b.0", "f.0", "10.0", "12.0", "14.0", "1b", "1c", "1f.0", "23.0"],
  ...["40000001", "8000000a", "8000001b", "8000001e", "8000001f", "80000022", "c0000001"],
];

for (const model of ["host", "baseline"] as const) {
  Deno.test(`cpu: ${model}: no virtualisation, enclaves, counters, trace, however much there is`, () => {
    const seen = entriesOf(guestCpuid(everything(), model));
    for (const [leaf, register, bits] of FORBIDDEN) {
      const value = seen.get(leaf)![register];
      for (const bit of bits) equal(value >>> bit & 1, 0, `${leaf} ${register} bit ${bit}`);
    }
    for (const leaf of ABSENT) equal(seen.has(leaf), false, leaf);
    const { eax, ...name } = seen.get("40000000")!;
    deepEqual([eax, name.ebx, name.ecx, name.edx], [0x4000_0000, 0, 0, 0]);
    const { ebx, ecx } = seen.get("1")!;
    equal(ebx >>> 16, 1, "one processor, number 0");
    equal(ecx >>> 31, 1, "a hypervisor");
  });

  Deno.test(`cpu: ${model}: a feature that the host lacks is not invented`, () => {
    const names = ["eax", "ebx", "ecx", "edx"] as const;
    const word = fc.integer({ min: 0, max: ALL });
    const registers = fc.record({ eax: word, ebx: word, ecx: word, edx: word });
    fc.assert(fc.property(registers, registers, registers, (one, seven, extended) => {
      const host = [
        { function: 1, ...one },
        { function: 7, index: 0, ...seven },
        { function: 0x8000_0001, ...extended },
      ];
      const seen = entriesOf(guestCpuid(cpuidOf(host), model));
      for (const [leaf, has] of [["1", one], ["7.0", seven], ["80000001", extended]] as const) {
        for (const name of names) {
          // The processor's number and count, and the hypervisor, are not features of the host.
          const own = leaf !== "1" ? 0 : name === "ebx" ? ALL : name === "ecx" ? 1 << 31 : 0;
          equal(seen.get(leaf)![name] & ~has[name] & ~own, 0, `${leaf} ${name}`);
        }
      }
    }));
  });
}

Deno.test("cpu: host: what else there is stays", () => {
  const seen = entriesOf(guestCpuid(everything()));
  deepEqual([...seen.keys()].filter((leaf) => leaf.startsWith("d.")), ["d.0", "d.1", "d.2", "d.3"]);
  equal(seen.get("7.0")!.ebx >>> 5 & 1, 1, "AVX2");
  equal(seen.get("1")!.ecx >>> 30 & 1, 1, "RDRAND");
  equal(seen.get("7.0")!.edx >>> 26 & 1, 1, "speculation control");
  equal(seen.get("80000007")!.edx, 1 << 8, "the invariant time stamp counter, and nothing else");
  equal(guestCpuid(everything()).length, guestCpuid(everything(), "host").length);
});

/** Features of Intel's Haswell (2013) in a server, as KVM gives them. */
const HASWELL: readonly Entry[] = [
  { function: 0, eax: 0xd, ebx: 0x756e_6547, ecx: 0x6c65_746e, edx: 0x4965_6e69 },
  { function: 1, eax: 0x0003_06f2, ebx: 0x0702_0800, ecx: 0xfffa_3223, edx: 0x0f8b_fbff },
  { function: 2, eax: 0x7603_6301 },
  { function: 4, index: 0, eax: 0x1c00_4121 },
  { function: 7, index: 0, ebx: 0x0000_37ab, edx: 0x9c00_0000 },
  { function: 0xd, index: 0, eax: 7, ebx: 0x340, ecx: 0x340 },
  { function: 0xd, index: 1, eax: 1 },
  { function: 0xd, index: 2, eax: 0x100, ebx: 0x240 },
  { function: 0x4000_0000, eax: 0x4000_0001, ebx: 0x4b4d_564b },
  { function: 0x8000_0000, eax: 0x8000_0008 },
  { function: 0x8000_0001, ecx: 0x21, edx: 0x2c10_0800 },
  { function: 0x8000_0008, eax: 0x302e },
];

/** The same of Sapphire Rapids (2023), in another order, with leaves that Haswell lacks. */
const SAPPHIRE_RAPIDS: readonly Entry[] = [
  { function: 0x8000_0001, ecx: 0x121, edx: 0x2c10_0800 },
  { function: 0x8000_0000, eax: 0x8000_0008 },
  { function: 0x8000_0008, eax: 0x3934, ebx: 0x0100_d200 },
  { function: 0x8000_0002, eax: 0x6574_6e49 },
  { function: 0x4000_0000, eax: 0x4000_0001, ebx: 0x4b4d_564b },
  { function: 0, eax: 0x20, ebx: 0x756e_6547, ecx: 0x6c65_746e, edx: 0x4965_6e69 },
  { function: 1, eax: 0x0008_06f8, ebx: 0x3130_0800, ecx: 0xfffa_b223, edx: 0x1f8b_fbff },
  { function: 7, index: 0, eax: 2, ebx: 0xf1bf_07ab, ecx: 0x1a41_5f6e, edx: 0xbfc1_4410 },
  { function: 7, index: 1, eax: 0x1c30 },
  { function: 0xa, eax: 0x0830_0805 },
  { function: 0xd, index: 0, eax: 0x6_02e7, ebx: 0x2b00, ecx: 0x2b00 },
  { function: 0xd, index: 1, eax: 0x1f },
  { function: 0xd, index: 2, eax: 0x100, ebx: 0x240 },
  { function: 0xd, index: 5, eax: 0x40, ebx: 0x440 },
];

Deno.test("cpu: baseline: Haswell and Sapphire Rapids are the same CPU, with the features of both", () => {
  const old = guestCpuid(cpuidOf(HASWELL), "baseline");
  deepEqual(guestCpuid(cpuidOf(SAPPHIRE_RAPIDS), "baseline"), old);
  const seen = entriesOf(old);
  equal(seen.get("1")!.eax, 0x0000_0600, "family 6");
  equal(seen.get("1")!.ecx, 0xf6d8_3203, "features");
  equal(seen.get("7.0")!.ebx, 0x0000_0329);
  equal(seen.get("80000001")!.edx, 0x2010_0800);
  deepEqual([seen.get("d.0")!.eax, seen.get("d.0")!.ecx], [7, 832]);
});

Deno.test("cpu: baseline: a host that lacks a feature shows it, and other vendors are other CPUs", () => {
  const [first, one, ...others] = HASWELL;
  const baseline = (entries: Entry[]) => guestCpuid(cpuidOf(entries), "baseline");
  const old = baseline([first!, { ...one!, ecx: one!.ecx! & ~(1 << 28) }, ...others]);
  equal(entriesOf(old).get("1")!.ecx >>> 28 & 1, 0, "AVX");
  notEqual(viewOf(old), viewOf(baseline([first!, one!, ...others])));
  const amd = { ...first!, ebx: 0x6874_7541, edx: 0x6974_6e65, ecx: 0x444d_4163 };
  const zen = baseline([amd, { ...one!, eax: 0x00a2_0f10 }, ...others]);
  equal(entriesOf(zen).get("1")!.eax, 0x00a0_0f00, "family 25");
  equal(entriesOf(zen).get("0")!.ebx, 0x6874_7541);
});

Deno.test("cpu: an account of nothing is one of nothing", () => {
  deepEqual([...guestCpuid(cpuidOf([]))], Array(CpuidHeader.size).fill(0));
});

/** The registers of leaves, as a guest sees them. */
async function seenBy(model: CpuModel, leaves: readonly number[]): Promise<number[][]> {
  const loaded = await loadWith("cpuid", {}, leaves.map((leaf) => `${leaf} 0`));
  const tender = new HvtTender();
  using host = tender.open(loaded);
  const console = collector();
  const launch = tender.compile(loaded, host.facts, { cpu: model });
  await using run = host.startWith(launch, { output: new PacedOutput(console.write, () => {}) });
  deepEqual(runBlocking(run), { kind: "exit", status: 0 });
  return console.text().trim().split("\n").map((line) =>
    line.split(" ").map((word) => parseInt(word, 16))
  );
}

for (const model of ["host", "baseline"] as const) {
  kvmTest(`hvt cpu: a guest sees ${model} by CPUID`, async (test) => {
    using kvm = openKvm();
    const expected = entriesOf(guestCpuid(kvm.supportedCpuid(), model));
    const { ebx, ecx, edx } = expected.get("1")!;
    const leaves = [0x4000_0000, 0x8000_0001, 5, 10, 1, 7];
    const [hypervisor, extended, waiting, counters, one, seven] = await seenBy(model, leaves);
    deepEqual(hypervisor, [0x4000_0000, 0, 0, 0]);
    equal(extended![2], expected.get("80000001")!.ecx);
    deepEqual([waiting, counters], [[0, 0, 0, 0], [0, 0, 0, 0]]);
    equal(one![1], ebx);
    equal(one![2]! >>> 5 & 1, 0, "VMX");
    // KVM itself says whether the guest uses XSAVE, and whether there is an interrupt controller.
    const own = { ecx: 1 << 27, edx: 1 << 9 };
    const features = [one![2]! & ~own.ecx, one![3]! & ~own.edx, seven![1]! | 0];
    const asked = [ecx & ~own.ecx, edx & ~own.edx, expected.get("7.0")!.ebx | 0];
    const adds = features.some((word, index) => (word & ~asked[index]!) !== 0);
    const reason = "this KVM shows features that it was not given";
    await stepUnless(adds ? reason : undefined, test, {
      name: "all features",
      fn: () => deepEqual(features, asked),
    });
  });
}

Deno.test("hvt cpu: a virtual machine loses its performance counters where KVM can take them", () => {
  const asked = (extension: number) => {
    const calls: unknown[] = [];
    const enableCapability = (...args: unknown[]) => calls.push(args);
    closeCounters({ enableCapability }, {
      checkExtension: (name) => (calls.push(name), extension),
    });
    return calls;
  };
  deepEqual(asked(1), ["PMU_CAPABILITY", ["PMU_CAPABILITY", 1]]);
  deepEqual(asked(0), ["PMU_CAPABILITY"]);
});

kvmTest("hvt cpu: --cpu chooses, and there is no third", async () => {
  const file = await guest("cpuid", "hvt");
  const run = (cpu: string) =>
    soloden("run", "--mem=4", `--cpu=${cpu}`, file, "--solo5:quiet", "0x80000008 0");
  const { stdout, status } = await run("baseline");
  deepEqual([stdout, status], ["00003027 00000000 00000000 00000000\n", 0]);
  const other = await run("qemu");
  equal(other.status, 1);
  equal(other.stderr, "soloden: --cpu=qemu: expected host or baseline\n");
});

for (const option of ["--cpu=host", "--no-net-ring"]) {
  Deno.test(`spt: ${option} is refused`, async () => {
    const { status, stderr } = await soloden("run", option, await guest("quiet", "spt"));
    equal(status, 1);
    const [name] = option.split("=");
    ok(stderr.startsWith(`soloden: ${name} is for hvt alone: on spt `), stderr);
  });
}

const EXTENDED = 0x8000_0001;
const NX = 1 << 20;

/** An account of these entries, with one more behind its end. */
function accountOf(entries: readonly Entry[]) {
  const bytes = cpuidOf([...entries, { function: EXTENDED, edx: NX }]);
  CpuidHeader.write(viewOf(bytes), 0, { nent: entries.length });
  return bytes;
}

Deno.test("cpu model: pages can be closed to execution where the page of extended features says so", () => {
  equal(hasNoExecute(accountOf([{ function: 1, edx: 0 }, { function: EXTENDED, edx: NX }])), true);
  equal(hasNoExecute(accountOf([{ function: EXTENDED, edx: 0xffff_ffff - NX }])), false);
  equal(hasNoExecute(accountOf([{ function: 1, edx: NX }])), false);
  equal(hasNoExecute(accountOf([])), false);
});
