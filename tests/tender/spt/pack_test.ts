/**
 * Packed unikernels as files: what they say of themselves, and that the same inputs give the same
 * bytes.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { bind } from "../../../tender/guest.ts";
import { pack } from "../../../tender/targets.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { execute, ROOT, soloden } from "../../soloden.ts";

const MAIN = join(ROOT, "main.ts");

Deno.test("pack: the executable runs on its own, and inspect tells what it holds", async () => {
  await inDirectory(async (directory) => {
    const packed = join(directory, "args");
    const path = await guest("args", "spt");
    deepEqual(await soloden("pack", "--mem=32", "-o", packed, path, "a", "b"), {
      status: 0,
      stdout: "",
      stderr: "",
    });
    match((await execute(packed, [])).stdout, /^\[a b\]$/m);
    const { stdout } = await soloden("inspect", "--json", packed);
    const { kind, memory, commandLine, devices } = JSON.parse(stdout);
    deepEqual({ kind, memory, commandLine, devices }, {
      kind: "packed",
      memory: 32 * 2 ** 20,
      commandLine: "a b",
      devices: [],
    });
    equal((await execute("readelf", ["-hlnW", packed])).stderr, "", "readelf has no complaints");
  });
});

Deno.test("pack: the same inputs give the same bytes, wherever the unikernel lies", async () => {
  await inDirectory(async (directory) => {
    const bytes = [];
    for (const where of ["one", "two"]) {
      Deno.mkdirSync(join(directory, where));
      const unikernel = join(directory, where, "same.spt");
      Deno.copyFileSync(await guest("args", "spt"), unikernel);
      const packed = join(directory, where, "packed");
      equal((await soloden("pack", "-o", packed, unikernel)).status, 0);
      bytes.push(Deno.readFileSync(packed));
    }
    deepEqual(bytes[0], bytes[1]);
  });
});

Deno.test("pack: a disk with a relative path is found from wherever the guest is started", async () => {
  await inDirectory(async (directory) => {
    const storage = new Uint8Array(512).fill("7".charCodeAt(0));
    Deno.writeFileSync(join(directory, "storage.img"), storage);
    const args = ["-o", "packed", "--block:storage=storage.img,ro"];
    const made = await execute(
      Deno.execPath(),
      ["run", "-A", MAIN, "pack", ...args, await guest("block_refused", "spt"), "--solo5:quiet"],
      { cwd: directory },
    );
    deepEqual(made, { status: 0, stdout: "", stderr: "" });
    const { status, stdout, stderr } = await execute(join(directory, "packed"), [], { cwd: "/" });
    deepEqual([status, stderr], [0, ""]);
    match(stdout, /^read 0\nbyte 7$/m);
  });
});

Deno.test("pack: an overlay is refused, since each run would begin with the same one", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "storage.img");
    Deno.writeFileSync(path, new Uint8Array(512));
    const options = ["-o", join(directory, "packed"), `--block:storage=${path},overlay`];
    const { status, stdout, stderr } = await soloden(
      "pack",
      ...options,
      await guest("block_refused", "spt"),
    );
    match(stderr, /^soloden: .*\/storage\.img: an overlay cannot be packed.*\n$/);
    deepEqual([status, stdout], [1, ""]);
    deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["storage.img"]);
  });
});

Deno.test("pack: what cannot be packed is said in one line, and nothing is written", async () => {
  await inDirectory(async (directory) => {
    const packed = join(directory, "packed");
    const hvt = await guest("args", "hvt");
    const wrongTarget = await soloden("pack", "-o", packed, hvt);
    match(
      wrongTarget.stderr,
      /^soloden: .*only spt unikernels can be packed, this is for hvt; .*\n$/,
    );
    const spt = await guest("args", "spt");
    const nowhere = await soloden("pack", "-o", join(directory, "no", "packed"), spt);
    match(nowhere.stderr, /^soloden: .*No such file or directory\n$/);
    deepEqual([wrongTarget.status, nowhere.status], [1, 1]);
    deepEqual([...Deno.readDirSync(directory)], []);
  });
});

Deno.test("pack: the launch program is as large as the page about security says", async () => {
  const mib = 2 ** 20;
  const storage = Deno.makeTempFileSync();
  try {
    Deno.truncateSync(storage, mib);
    const name = await guest("args", "spt");
    const plain = parseUnikernel(Deno.readFileSync(name), { name });
    const sizeWith = async (disks: number) => {
      const names = Array.from({ length: disks }, (_, index) => `disk${index}`);
      const devices = names.map((name) => ({ name, type: "BLOCK_BASIC" }) as const);
      const unikernel = { ...plain, manifest: { devices } };
      const options = {
        memory: 4 * mib,
        devices: Object.fromEntries(names.map((name) => [name, block.file(storage)])),
      };
      const elf = readElf(await pack(bind(unikernel, options)), { name: "packed" });
      // What is executable above guest memory.
      const { memsz } = readPrograms(elf).find(({ vaddr, flags }) =>
        vaddr > 4 * mib && (flags & 1) !== 0
      )!;
      return Math.ceil(memsz / 4096) * 4;
    };
    const page = Deno.readTextFileSync(join(ROOT, "docs/security.md"));
    const [none, one, most] = [await sizeWith(0), await sizeWith(1), await sizeWith(63)];
    ok(
      page.includes(
        `${none} KiB of code, at most 8 KiB with one device, ${most} KiB with 63 disks`,
      ),
    );
    ok(one <= 8);
  } finally {
    Deno.removeSync(storage);
  }
});
