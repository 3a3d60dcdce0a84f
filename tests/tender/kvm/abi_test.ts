import assert from "node:assert/strict";
import * as kvm from "../../../tender/kvm/abi.ts";
import { missingTool, testUnless } from "../../needs.ts";

/** C expressions of <linux/kvm.h>, and what this project says they are. */
const EXPECTED: Record<string, number> = {
  ...structure("kvm_userspace_memory_region", kvm.MemoryRegion, {
    guestPhysAddr: "guest_phys_addr",
    memorySize: "memory_size",
    userspaceAddr: "userspace_addr",
  }),
  ...structure("kvm_regs", kvm.Regs, {}),
  ...structure("kvm_segment", kvm.KvmSegment, {}),
  ...structure("kvm_dtable", kvm.DescriptorTable, {}),
  ...structure("kvm_sregs", kvm.Sregs, {
    apicBase: "apic_base",
    interruptBitmap: "interrupt_bitmap",
  }),
  ...structure("kvm_fpu", kvm.Fpu, {
    lastOpcode: "last_opcode",
    lastIp: "last_ip",
    lastDp: "last_dp",
  }),
  "sizeof(struct kvm_guest_debug)": kvm.GuestDebug.size,
  "offsetof(struct kvm_guest_debug, arch.debugreg[1])": kvm.GuestDebug.offsets.dr1,
  "offsetof(struct kvm_guest_debug, arch.debugreg[7])": kvm.GuestDebug.offsets.dr7,
  "offsetof(struct kvm_signal_mask, sigset)": kvm.SignalMask.offsets.sigset,
  KVM_GUESTDBG_ENABLE: kvm.GUESTDBG.enable,
  KVM_GUESTDBG_SINGLESTEP: kvm.GUESTDBG.singleStep,
  KVM_GUESTDBG_USE_SW_BP: kvm.GUESTDBG.softwareBreakpoints,
  KVM_GUESTDBG_USE_HW_BP: kvm.GUESTDBG.hardwareBreakpoints,
  "sizeof(struct kvm_enable_cap)": kvm.EnableCap.size,
  "offsetof(struct kvm_enable_cap, cap)": kvm.EnableCap.offsets.cap,
  "offsetof(struct kvm_enable_cap, args[0])": kvm.EnableCap.offsets.arg0,
  KVM_PMU_CAP_DISABLE: kvm.KVM_PMU_CAP_DISABLE,
  ...structure("kvm_cpuid2", kvm.CpuidHeader, {}),
  "sizeof(struct kvm_cpuid_entry2)": kvm.CpuidEntry.size,
  KVM_CPUID_FLAG_SIGNIFCANT_INDEX: kvm.KVM_CPUID_FLAG_SIGNIFICANT_INDEX,
  ...structure("kvm_msr_list", kvm.MsrList, {}),
  "sizeof(struct kvm_msrs)": kvm.MsrsHeader.size,
  ...structure("kvm_msr_entry", kvm.MsrEntry, {}),
  "sizeof(struct kvm_xsave)": kvm.SIZE.xsave,
  "sizeof(struct kvm_xcrs)": kvm.SIZE.xcrs,
  "sizeof(struct kvm_vcpu_events)": kvm.SIZE.vcpuEvents,
  "sizeof(struct kvm_debugregs)": kvm.SIZE.debugRegisters,
  "sizeof(struct kvm_mp_state)": kvm.SIZE.mpState,
  ...Object.fromEntries(
    Object.entries(kvm.CAPABILITY).map(([name, value]) => [`KVM_CAP_${name}`, value]),
  ),
  ...members("kvm_run", kvm.Run.offsets, {
    immediateExit: "immediate_exit",
    exitReason: "exit_reason",
    ioDirection: "io.direction",
    ioSize: "io.size",
    ioPort: "io.port",
    ioCount: "io.count",
    ioDataOffset: "io.data_offset",
    mmioPhysAddr: "mmio.phys_addr",
    mmioLen: "mmio.len",
    mmioData: "mmio.data",
    mmioIsWrite: "mmio.is_write",
    debugException: "debug.arch.exception",
    debugPc: "debug.arch.pc",
    debugDr6: "debug.arch.dr6",
    failEntryReason: "fail_entry.hardware_entry_failure_reason",
    internalSuberror: "internal.suberror",
    exceptionVector: "ex.exception",
  }),
  ...Object.fromEntries(
    Object.entries(kvm.REQUEST).map(([name, value]) => [`KVM_${name}`, value]),
  ),
  KVM_API_VERSION: kvm.API_VERSION,
  KVM_EXIT_EXCEPTION: kvm.EXIT_REASON.exception,
  KVM_EXIT_DEBUG: kvm.EXIT_REASON.debug,
  KVM_EXIT_IO: kvm.EXIT_REASON.io,
  KVM_EXIT_HLT: kvm.EXIT_REASON.hlt,
  KVM_EXIT_MMIO: kvm.EXIT_REASON.mmio,
  KVM_EXIT_SHUTDOWN: kvm.EXIT_REASON.shutdown,
  KVM_EXIT_FAIL_ENTRY: kvm.EXIT_REASON.failEntry,
  KVM_EXIT_INTR: kvm.EXIT_REASON.intr,
  KVM_EXIT_INTERNAL_ERROR: kvm.EXIT_REASON.internalError,
  KVM_EXIT_IO_OUT: kvm.IO_OUT,
  KVM_INTERNAL_ERROR_EMULATION: kvm.SUBERROR_EMULATION,
};

testUnless(noHeader(), "kvm: numbers and layouts are those of <linux/kvm.h>", async () => {
  const names = Object.keys(EXPECTED);
  const values = await evaluate(names);
  assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, values[i]])), EXPECTED);
});

/** Why there is nothing to compare with here; undefined if there is. */
function noHeader(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "the layouts are x86_64's";
  try {
    Deno.statSync("/usr/include/linux/kvm.h");
  } catch {
    return "the kernel's headers are not installed (linux-libc-dev)";
  }
  return missingTool("cc");
}

/** Lets the C compiler evaluate constant expressions. */
async function evaluate(expressions: readonly string[]): Promise<number[]> {
  const directory = await Deno.makeTempDir();
  try {
    const lines = expressions.map((e) => `printf("%llu\\n", (unsigned long long)(${e}));`);
    const source = `#include <linux/kvm.h>\n#include <stddef.h>\n#include <stdio.h>\n` +
      `int main(void) {\n${lines.join("\n")}\nreturn 0; }\n`;
    await Deno.writeTextFile(`${directory}/probe.c`, source);
    await command("cc", ["-o", `${directory}/probe`, `${directory}/probe.c`]);
    return (await command(`${directory}/probe`, [])).trim().split("\n").map(Number);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function command(name: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(name, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function structure(
  name: string,
  { size, offsets }: { size: number; offsets: Record<string, number> },
  renamed: Record<string, string>,
): Record<string, number> {
  return { [`sizeof(struct ${name})`]: size, ...members(name, offsets, renamed) };
}

function members(
  name: string,
  offsets: Record<string, number>,
  renamed: Record<string, string>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(offsets).map((
      [field, offset],
    ) => [`offsetof(struct ${name}, ${renamed[field] ?? field})`, offset]),
  );
}
