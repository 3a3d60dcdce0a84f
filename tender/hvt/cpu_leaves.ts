/**
 * What a guest of hvt sees of each leaf of CPUID: a table. A leaf that is not in it does not reach guests,
 * so that what later CPUs add stays closed until somebody has looked at it. Sources: Intel SDM, volume 2A,
 * "CPUID"; AMD APM, volume 3, appendix E; Linux, Documentation/virt/kvm/x86/cpuid.rst.
 *
 * @module
 */

type Register = "eax" | "ebx" | "ecx" | "edx";
const REGISTERS: readonly Register[] = ["eax", "ebx", "ecx", "edx"];
/** A mask for each register. */
type Masks = { readonly [name in Register]?: number };

/** What becomes of the host's registers. */
interface Rule {
  /** The bits that stay as they are. Without a mask, all of a register in "host", none in "baseline". */
  readonly keep?: Masks;
  /** The bits that are set, whatever the host has. */
  readonly set?: Masks;
}

/** A leaf that guests see. */
interface Leaf {
  readonly leaf: number;
  /** The sub-leaf, where only that is meant. */
  readonly index?: number;
  readonly host?: Rule;
  /** The rule of the baseline, which has no other leaves. */
  readonly baseline?: Rule;
}

const ALL = 0xffff_ffff;

/** The mask of these bits. */
function only(bits: Readonly<Record<string, number>>): number {
  return Object.values(bits).reduce((mask, bit) => (mask | 1 << bit) >>> 0, 0);
}

/** The mask of all bits except these. */
function without(bits: Readonly<Record<string, number>>): number {
  return ~only(bits) >>> 0;
}

/** Family and extended family of the signature, without model and stepping. */
const FAMILY = 0x0ff0_0f00;
/** One logical processor, number 0, whose cache lines have 64 bytes. */
const ONE_PROCESSOR = 0x0001_0800;
const HYPERVISOR = { HYPERVISOR: 31 };
/** XSAVE's state components: x87, SSE, AVX. */
const XSAVE_STATES = { X87: 0, SSE: 1, AVX: 2 };
/** Size of XSAVE's area for them, and where AVX's part of it is, in bytes. */
const XSAVE_AREA = 832;
const AVX_STATE = { size: 256, offset: 576 };
/** 39 bits of physical addresses and 48 of virtual ones. */
const ADDRESS_SIZES = 0x3027;

/** The leaves that guests see, in order. */
const LEAVES: readonly Leaf[] = [
  // Highest leaf, and the vendor.
  { leaf: 0, baseline: { keep: { ebx: ALL, ecx: ALL, edx: ALL }, set: { eax: 0xd } } },
  {
    leaf: 1,
    host: {
      keep: {
        ebx: 0xff,
        // No debug store, monitor, virtualisation, trusted execution, power management,
        // performance counters, direct cache access, or interrupt controller.
        ecx: without({
          ...{ DTES64: 2, MONITOR: 3, DS_CPL: 4, VMX: 5, SMX: 6, EIST: 7, TM2: 8, CNXT_ID: 10 },
          ...{ SDBG: 11, XTPR: 14, PDCM: 15, DCA: 18, X2APIC: 21, TSC_DEADLINE: 24 },
        }),
        edx: without({ PSN: 18, DS: 21, ACPI: 22, HTT: 28, TM: 29, PBE: 31 }),
      },
      set: { ebx: ONE_PROCESSOR, ecx: only(HYPERVISOR) },
    },
    baseline: {
      keep: {
        eax: FAMILY,
        ecx: only({
          ...{ SSE3: 0, PCLMULQDQ: 1, SSSE3: 9, FMA: 12, CMPXCHG16B: 13, SSE4_1: 19, SSE4_2: 20 },
          ...{ MOVBE: 22, POPCNT: 23, AES: 25, XSAVE: 26, AVX: 28, F16C: 29, RDRAND: 30 },
        }),
        edx: only({
          ...{ FPU: 0, DE: 2, PSE: 3, TSC: 4, MSR: 5, PAE: 6, CX8: 8, SEP: 11, PGE: 13, CMOV: 15 },
          ...{ PAT: 16, PSE36: 17, CLFLUSH: 19, MMX: 23, FXSR: 24, SSE: 25, SSE2: 26 },
        }),
      },
      set: { ebx: ONE_PROCESSOR, ecx: only(HYPERVISOR) },
    },
  },
  // Caches.
  { leaf: 2 },
  { leaf: 4 },
  {
    leaf: 7,
    index: 0,
    host: {
      keep: {
        // No SGX, transactional memory, resource monitoring and allocation, bounds, trace.
        ebx: without({ SGX: 2, HLE: 4, RTM: 11, RDT_M: 12, MPX: 14, RDT_A: 15, PT: 25 }),
        // No user-mode wait, key locker, bus lock traps, enqueued stores, SGX launch control.
        ecx: without({ WAITPKG: 5, TME: 13, KL: 23, BUS_LOCK: 24, ENQCMD: 29, SGX_LC: 30 }),
        // No SGX keys, user interrupts, transactional memory, hybrid parts, PCONFIG, branch records.
        edx: without({
          ...{ SGX_KEYS: 1, UINTR: 5, RTM_ALWAYS_ABORT: 11, RTM_FORCE_ABORT: 13 },
          ...{ HYBRID: 15, TSXLDTRK: 16, PCONFIG: 18, ARCH_LBR: 19 },
        }),
      },
    },
    baseline: { keep: { ebx: only({ FSGSBASE: 0, BMI1: 3, AVX2: 5, BMI2: 8, ERMS: 9 }) } },
  },
  { leaf: 7, index: 1, host: { keep: { eax: without({ ARCH_PERFMON_EXT: 8 }) } } },
  { leaf: 7, index: 2 },
  // XSAVE. KVM itself keeps the size in ebx of sub-leaves 0 and 1 up to date.
  {
    leaf: 0xd,
    index: 0,
    baseline: { keep: { eax: only(XSAVE_STATES) }, set: { ebx: XSAVE_AREA, ecx: XSAVE_AREA } },
  },
  { leaf: 0xd, index: 2, baseline: { set: { eax: AVX_STATE.size, ebx: AVX_STATE.offset } } },
  { leaf: 0xd },
  // Frequencies; tiles; AVX10.
  { leaf: 0x15 },
  { leaf: 0x16 },
  { leaf: 0x1d },
  { leaf: 0x1e },
  { leaf: 0x24 },
  // A hypervisor without a name, and without paravirtual devices.
  {
    leaf: 0x4000_0000,
    host: { keep: { eax: 0, ebx: 0, ecx: 0, edx: 0 }, set: { eax: 0x4000_0000 } },
    baseline: { set: { eax: 0x4000_0000 } },
  },
  // Highest leaf, and the vendor once more on AMD's.
  {
    leaf: 0x8000_0000,
    baseline: { keep: { ebx: ALL, ecx: ALL, edx: ALL }, set: { eax: 0x8000_0008 } },
  },
  {
    leaf: 0x8000_0001,
    host: {
      keep: {
        // No virtualisation, sampling, secure start, watchdog, profiling, topology, counters, waiting.
        ecx: without({
          ...{ CMP_LEGACY: 1, SVM: 2, EXTAPIC: 3, OSVW: 9, IBS: 10, SKINIT: 12, WDT: 13, LWP: 15 },
          ...{ NODEID_MSR: 19, TOPOEXT: 22, PERFCTR_CORE: 23, PERFCTR_NB: 24, PERFTSC: 27 },
          ...{ PERFCTR_LLC: 28, MONITORX: 29 },
        }),
      },
    },
    baseline: {
      keep: {
        ecx: only({ LAHF: 0, LZCNT: 5 }),
        edx: only({ SYSCALL: 11, NX: 20, LM: 29 }),
      },
    },
  },
  // The name; caches.
  { leaf: 0x8000_0002 },
  { leaf: 0x8000_0003 },
  { leaf: 0x8000_0004 },
  { leaf: 0x8000_0005 },
  { leaf: 0x8000_0006 },
  // Of power management, that the time stamp counter keeps its rate.
  {
    leaf: 0x8000_0007,
    host: { keep: { eax: 0, ebx: 0, ecx: 0, edx: only({ INVARIANT_TSC: 8 }) } },
  },
  // Sizes of addresses, without the number of processors.
  {
    leaf: 0x8000_0008,
    host: { keep: { ecx: 0 } },
    baseline: { set: { eax: ADDRESS_SIZES } },
  },
  // TLB of 1 GiB pages; width of AVX; caches of AMD's; AMD's later features.
  { leaf: 0x8000_0019 },
  { leaf: 0x8000_001a },
  { leaf: 0x8000_001d },
  { leaf: 0x8000_0021 },
];

/** A rule as masks of the registers, in the order eax, ebx, ecx, edx. */
export interface RegisterMasks {
  readonly keep: readonly number[];
  readonly set: readonly number[];
}

/** A leaf that guests see, as masks. */
export interface LeafMasks {
  readonly leaf: number;
  readonly index?: number;
  readonly host: RegisterMasks;
  readonly baseline?: RegisterMasks;
}

/** The table as masks. */
export function leafMasks(): LeafMasks[] {
  return LEAVES.map(({ leaf, index, host = {}, baseline }) => ({
    leaf,
    index,
    host: masksOf(host, ALL),
    baseline: baseline && masksOf(baseline, 0),
  }));
}

/** `otherwise`: the mask of a register that the rule has none for. */
function masksOf({ keep, set }: Rule, otherwise: number): RegisterMasks {
  return {
    keep: REGISTERS.map((name) => keep?.[name] ?? otherwise),
    set: REGISTERS.map((name) => set?.[name] ?? 0),
  };
}
