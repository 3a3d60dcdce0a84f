/**
 * The mistakes of a newcomer: one line for each, which says what to do instead.
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { advise } from "../../commands/advice.ts";
import { ElfError } from "../../elftool/error.ts";
import { ERRNO } from "../../linux/libc.ts";
import { TenderError, type TenderProblem } from "../../tender/error.ts";
import { guest } from "../guests.ts";
import { execute, ROOT } from "../soloden.ts";

/** The advice about one problem with a device. */
function adviceFor(problem: TenderProblem, words: readonly string[]): string | undefined {
  return advise(new TenderError("device", "x", { problems: [problem] }), words)[0];
}

/** Mistakes in a directory that holds what {@linkcode makeDirectory} makes. */
const MISTAKES: readonly [words: string, line: string][] = [
  ["run hello.c", "hello.c: ELF header: not an ELF file; build it first: soloden build hello.c"],
  ["run hello.spt", "hello.spt: No such file or directory; build it first: soloden build hello.c"],
  [
    "run crab/lib.rs",
    "crab/lib.rs: ELF header: not an ELF file; build it first, as its README.md says",
  ],
  ["run block", "block: No such file or directory; did you mean block.spt?"],
  ["run built", "built: Is a directory; did you mean built/b.spt?"],
  [
    "run unbuilt/c.spt",
    "unbuilt/c.spt: No such file or directory; build it first: soloden build -o unbuilt/c unbuilt/c.c",
  ],
  [
    "run unbuilt",
    "unbuilt: Is a directory; build it first: soloden build -o unbuilt/c unbuilt/c.c",
  ],
  ["run nothing", "nothing: No such file or directory"],
  ["run empty", "empty: Is a directory"],
  [
    "run packed",
    "packed: program header 1: begins at 0x10000, below 0x100000; it is packed: run the file itself",
  ],
  [
    "run /bin/sh",
    "/bin/sh: ELF header: e_type is 3, must be 2 (ET_EXEC); soloden build makes unikernels",
  ],
  [
    "pack -o p built/a.hvt",
    "built/a.hvt: only spt unikernels can be packed, this is for hvt; soloden build -t spt makes one",
  ],
  [
    "run block.spt",
    "Device 'storage' of type BLOCK_BASIC declared but not attached; give it --block:storage=FILE before block.spt",
  ],
  [
    "run block.spt --block:storage=disk",
    "Device 'storage' of type BLOCK_BASIC declared but not attached; --block:storage=disk has to stand before block.spt",
  ],
  [
    "run block.spt --block:storage disk",
    "Device 'storage' of type BLOCK_BASIC declared but not attached; --block:storage has to stand before block.spt",
  ],
  [
    "run --block:disk=disk block.spt",
    "Resource not declared in manifest: 'disk'; it declares 'storage' (BLOCK_BASIC)",
  ],
  [
    "run --block:disk=disk built/b.spt",
    "Resource not declared in manifest: 'disk'; it declares no devices",
  ],
  [
    "run --net:storage=tap0 block.spt",
    "Resource not declared in manifest: 'storage' as NET_BASIC; it is BLOCK_BASIC; --block:storage=FILE",
  ],
  [
    "run --mem=9999999 built/a.hvt",
    "Memory size 10485758951424 is out of range: 2097152 to 4294967296 bytes; --mem takes 2 to 4096",
  ],
  [
    "run --block:storage=none block.spt",
    "Could not open block device: none: No such file or directory; truncate -s 1M none makes an empty one",
  ],
  [
    "run --block:storage=hello.c,rw block.spt",
    "Could not open block device: hello.c,rw: No such file or directory; only ,ro, ,overlay or ,input may follow the path",
  ],
  [
    "run --block:storage=none,rw block.spt",
    "Could not open block device: none,rw: No such file or directory; truncate -s 1M none,rw makes an empty one",
  ],
  [
    "run --block:storage=hello.c block.spt",
    "hello.c: Backing storage size must be block aligned (512 bytes); truncate -s %512 hello.c fills it up",
  ],
  [
    "run --block:storage=nothing.img block.spt",
    "nothing.img: Backing storage must be at least 1 block (512 bytes) in size; truncate -s 1M nothing.img makes it larger",
  ],
  [
    "run --net:service=nosuch0 net.spt",
    "Could not attach interface: nosuch0: No such file or directory; sudo ip tuntap add nosuch0 mode tap user $USER && sudo ip link set nosuch0 up",
  ],
];

async function makeDirectory(directory: string): Promise<void> {
  const at = (name: string) => join(directory, name);
  Deno.writeTextFileSync(at("hello.c"), "int solo5_app_main;\n");
  Deno.writeTextFileSync(at("nothing.img"), "");
  Deno.writeFileSync(at("disk"), new Uint8Array(4096));
  Deno.mkdirSync(at("crab"));
  Deno.writeTextFileSync(at("crab/lib.rs"), "#![no_std]\n");
  Deno.mkdirSync(at("empty"));
  Deno.mkdirSync(at("unbuilt"));
  Deno.writeTextFileSync(at("unbuilt/c.c"), "int solo5_app_main;\n");
  Deno.mkdirSync(at("built"));
  Deno.copyFileSync(await guest("args", "hvt"), at("built/a.hvt"));
  Deno.copyFileSync(await guest("args", "spt"), at("built/b.spt"));
  Deno.copyFileSync(await guest("block", "spt"), at("block.spt"));
  Deno.copyFileSync(await guest("net", "spt"), at("net.spt"));
}

Deno.test("advice: each mistake gets one line, with the way out where there is one", async (test) => {
  const directory = Deno.makeTempDirSync();
  try {
    await makeDirectory(directory);
    const soloden = (...words: string[]) =>
      execute(Deno.execPath(), ["run", "-A", join(ROOT, "main.ts"), ...words], { cwd: directory });
    equal((await soloden("pack", "-o", "packed", "built/b.spt")).status, 0);
    // What is said of another file is not about the unikernel.
    const failure = { path: "other", reason: "ENOENT" };
    const other = new ElfError("file", "other: No such file or directory", { failure });
    deepEqual(advise(other, [join(directory, "block")]), [undefined]);
    for (const [words, line] of MISTAKES) {
      await test.step(words, async () => {
        const result = await soloden(...words.split(" "));
        deepEqual(result, { status: 1, stdout: "", stderr: `soloden: ${line}\n` });
      });
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("advice: what is said to make storage larger does", async () => {
  const disk = Deno.makeTempFileSync();
  try {
    const words = [`--block:storage=${disk}`, await guest("block", "spt")];
    const line = adviceFor({ kind: "storage-size", path: disk, size: 0, blockSize: 512 }, words);
    const command = line!.replace(" makes it larger", "");
    equal((await execute("sh", ["-c", command])).status, 0);
    equal(Deno.statSync(disk).size, 0x10_0000);
  } finally {
    Deno.removeSync(disk);
  }
});

Deno.test("advice: how much memory a unikernel takes that does not fit", () => {
  const problem = { kind: "too-little-memory", size: 0x20_0000, least: 0x30_0001 } as const;
  equal(adviceFor(problem, ["--mem=2", "big.spt"]), "give it --mem=4 or more");
});

Deno.test("advice: an interface that cannot be had", () => {
  const advice = (call: string, errno: number) =>
    adviceFor({ kind: "interface", interface: "tap0", call, errno }, [
      "--net:service=tap0",
      "echo.hvt",
    ]);
  equal(advice("TUNSETIFF", ERRNO.EPERM), "it belongs to another user");
  equal(advice("TUNSETIFF", ERRNO.EBUSY), "another guest uses it");
  equal(advice("TUNSETIFF", ERRNO.EINVAL), "tap0 is not a TAP interface");
  equal(advice("SIOCGIFFLAGS", ERRNO.ENETDOWN), "sudo ip link set tap0 up");
  for (const errno of [ERRNO.EACCES, ERRNO.ENOENT]) {
    equal(advice("open", errno), "soloden doctor says how to fix it");
  }
  equal(advice("TUNSETIFF", ERRNO.EIO), undefined);
});

Deno.test("advice: a shell takes what it says for the words that were meant", () => {
  const words = ["--block:storage=my disk", "it's.c"];
  equal(
    adviceFor({ kind: "no-storage", path: "my disk" }, words),
    "truncate -s 1M 'my disk' makes an empty one",
  );
  deepEqual(
    advise(new ElfError("elf-header", "it's.c: ELF header: not an ELF file"), words),
    ["build it first: soloden build 'it'\\''s.c'"],
  );
});
