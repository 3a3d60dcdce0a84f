/**
 * The target that `run` and `pack` take: for portable unikernels, and for those that have one.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { hasHardware } from "../../tender/kvm/open.ts";
import { guest } from "../guests.ts";
import { testUnless } from "../needs.ts";
import { execute, soloden } from "../soloden.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";
import { noQemu } from "../tender/virtio/qemu_machine.ts";

/** Runs a guest that prints its arguments; what it says of its target. */
async function targetOf(...options: string[]): Promise<string> {
  const file = await guest("args", "any");
  const { status, stdout, stderr } = await soloden(
    ...["run", "-v", ...options, file, "--solo5:quiet", "Hello"],
  );
  deepEqual([status, stdout], [0, "[Hello]\nSUCCESS\n"], stderr);
  const [, said] = /^soloden: .*: runs on (.*)\n$/.exec(stderr) ?? [];
  return said ?? stderr;
}

Deno.test("target: a portable unikernel gets hvt where KVM has hardware for it, else spt", async () => {
  equal(await targetOf(), hasHardware() ? "hvt" : "spt");
});

Deno.test("target: -t spt is spt", async () => {
  equal(await targetOf("-t", "spt"), "spt");
  equal(await targetOf("--target=spt"), "spt");
});

kvmTest("target: -t hvt is hvt, where KVM is emulated, too", async () => {
  equal(await targetOf("-t", "hvt"), "hvt");
});

const IN_QEMU = /^virtio, in QEMU, with(out)? KVM$/;

testUnless(noQemu, "target: -t virtio is KVM where it has hardware, else QEMU", async () => {
  match(await targetOf("-t", "virtio"), hasHardware() ? /^virtio, on KVM$/ : IN_QEMU);
  match(await targetOf("-t", "virtio", "--emulator=qemu"), IN_QEMU);
});

kvmTest("target: --emulator=kvm is KVM, where that is emulated, too", async () => {
  equal(await targetOf("-t", "virtio", "--mem=8", "--emulator=kvm"), "virtio, on KVM");
});

Deno.test("target: --emulator is for virtio, and one of two", async () => {
  const refused = async (option: string, target: "hvt" | "spt" | "virtio") => {
    const { status, stderr } = await soloden("run", option, await guest("args", target));
    equal(status, 1);
    return stderr;
  };
  const alone = "soloden: --emulator is for virtio alone: ";
  equal(
    await refused("--emulator=kvm", "hvt"),
    `${alone}a guest of hvt always runs on KVM\n`,
  );
  equal(await refused("--emulator=qemu", "spt"), `${alone}a guest of spt is a process\n`);
  equal(
    await refused("--emulator=bochs", "virtio"),
    "soloden: --emulator=bochs: expected kvm or qemu\n",
  );
});

kvmTest("target: what virtio on KVM does not have is refused in one line", async () => {
  const file = await guest("args", "virtio");
  const refusals = {
    "--stats": "it makes no hypercalls that could be looked at; run it on hvt",
    "--gdb": "QEMU serves gdb, and --emulator=kvm is without it",
    "--no-net-ring": "virtio has queues of its own for frames",
  };
  for (const [option, reason] of Object.entries(refusals)) {
    deepEqual(await soloden("run", "--emulator=kvm", option, file), {
      status: 1,
      stdout: "",
      stderr: `soloden: ${option} is not for virtio: ${reason}\n`,
    });
  }
});

Deno.test("target: -t is right for a unikernel of that target, and no other is taken in its place", async () => {
  const file = await guest("args", "spt");
  equal((await soloden("run", "-t", "spt", file, "--solo5:quiet")).status, 0);
  const said = `soloden: ${file}: was built for spt, not for hvt; ` +
    "soloden build -t any makes one that runs on each of them\n";
  deepEqual(await soloden("run", "-t", "hvt", file), { status: 1, stdout: "", stderr: said });
});

Deno.test("target: what is none is refused in one line", async () => {
  const file = await guest("args", "any");
  deepEqual(await soloden("run", "--target=muen", file), {
    status: 1,
    stdout: "",
    stderr: "soloden: --target=muen: expected one of hvt, spt, virtio\n",
  });
  const { status, stderr } = await soloden("run", "-t");
  deepEqual([status, stderr.split("\n").length], [1, 2]);
});

Deno.test("target: pack makes an executable of a portable unikernel", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const packed = join(directory, "packed");
    deepEqual(
      await soloden("pack", "-o", packed, await guest("args", "any"), "--solo5:quiet", "a"),
      {
        status: 0,
        stdout: "",
        stderr: "",
      },
    );
    deepEqual(await execute(packed, []), { status: 0, stdout: "[a]\nSUCCESS\n", stderr: "" });
    const virtio = await soloden("pack", "-o", packed, await guest("args", "virtio"));
    match(
      virtio.stderr,
      /^soloden: .*: only spt unikernels can be packed, this is for virtio; .*\n$/,
    );
    equal(virtio.status, 1);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
