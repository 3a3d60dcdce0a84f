/**
 * The bundle and the single executable, the latter alone in a root that holds nothing but the C
 * library.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { bundle } from "../../release/bundle.ts";
import type { Linked } from "../../release/link_chunks.ts";
import { QUICK_TEXTS } from "../../release/runtime.ts";
import { guest } from "../guests.ts";
import { notRoot, stepUnless, testUnless } from "../needs.ts";
import { execute, type Result, ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { countedBundle, type RunCounted } from "./counted_bundle.ts";
import { makeExecutable, noExecutable } from "./executable.ts";
import { holdsPath } from "./paths.ts";

const KIB = 1024;
const NOBODY = 65534;
const KVM_MAJOR = 10;
const KVM_MINOR = 232;

const unsupported = noExecutable ?? notRoot;

Deno.test("bundle: the same bytes twice, and no paths of this machine", async () => {
  const [first, second] = [await bundle(), await bundle()];
  deepEqual(first, second);
  const all = first.start + first.texts.join("");
  for (const directory of [Deno.cwd(), Deno.env.get("HOME")]) {
    ok(
      directory === undefined || directory === "/" || !holdsPath(all, directory),
      `holds ${directory}`,
    );
  }
  for (const trace of ["node_modules", ".cache/"]) ok(!all.includes(trace), `holds ${trace}`);
});

async function withBundle(
  use: (run: RunCounted, options: { program: Linked; directory: string }) => Promise<void>,
): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    const program = await bundle();
    await use(countedBundle(program, directory), { program, directory });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("bundle: a command evaluates its own text and no other", async () => {
  await withBundle(async (run, { program: { start, texts } }) => {
    const version = await run(["--version"]);
    match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    deepEqual([version.stderr, version.loaded], ["", []]);
    deepEqual((await run(["--help"])).loaded, [QUICK_TEXTS]);
    // What every guest needs, the code for one of spt, and the bytes of its launch.
    const spt = await run(["run", await guest("exit_code", "spt"), "5"]);
    deepEqual([spt.status, spt.stderr, spt.loaded], [5, "", [1, 2, 3]]);
    // And the bindings under a portable one: all of them texts that come quickly.
    const any = await run(["run", "-t", "spt", await guest("exit_code", "any"), "5"]);
    deepEqual([any.status, any.stderr, any.loaded], [5, "", [1, 2, QUICK_TEXTS - 1, 3]]);
    const inspect = await run(["inspect", await guest("exit_code", "spt")]);
    match(inspect.stdout, /unikernel for spt/);

    ok(start.length < 8 * KIB, `the entry is ${start.length} bytes`);
    ok(texts[1]!.length < 40 * KIB, `run is ${texts[1]!.length} bytes`);
    const { length } = texts[QUICK_TEXTS]!;
    ok(length < 64 * KIB, `the command table is ${length} bytes`);
  });
});

Deno.test("bundle: it brings the guest side along, built", async () => {
  await withBundle(async (run, { directory }) => {
    const env = { XDG_CACHE_HOME: directory };
    const source = join(ROOT, "examples/hello/hello.c");
    const args = ["build", "-t", "spt", "-o", join(directory, "hello"), source];
    const { status, stderr } = await run(args, { env });
    equal(status, 0, stderr);
    const cache = [...Deno.readDirSync(join(directory, "soloden"))].map(({ name }) => name);
    deepEqual(cache.filter((name) => !name.startsWith("assets-")), []);
  });
});

/** Makes a root that holds the executable, the libraries that it needs, and some guests. */
async function makeRoot(root: string): Promise<void> {
  await makeExecutable(root);
  // The runtime would look for .npmrc in the home directory that it finds here, and would not start.
  Deno.mkdirSync(join(root, "etc"));
  Deno.writeTextFileSync(
    join(root, "etc/passwd"),
    `root:x:0:0::/home:\nn:x:${NOBODY}:${NOBODY}::/home:\n`,
  );
  Deno.mkdirSync(join(root, "home/.npmrc"), { recursive: true });
  Deno.symlinkSync("soloden", join(root, "solo5-spt"));
  const { stdout } = await execute("ldd", [join(root, "soloden")]);
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    if (library === join(root, "soloden")) continue;
    Deno.mkdirSync(join(root, dirname(library)), { recursive: true });
    Deno.copyFileSync(library, join(root, library));
  }
  for (const target of ["spt", "hvt"] as const) {
    Deno.copyFileSync(await guest("args", target), join(root, `args.${target}`));
    Deno.copyFileSync(await guest("exit_code", target), join(root, `exit_code.${target}`));
  }
  Deno.copyFileSync(await guest("args", "any"), join(root, "args.solo5"));
}

testUnless(
  unsupported,
  "executable: alone with the C library, in a root without /proc",
  async (test) => {
    const root = Deno.makeTempDirSync();
    const inside = (options: string[], ...command: string[]) =>
      executeClean("chroot", [...options, root, ...command]);
    const asNobody = [`--userspec=${NOBODY}:${NOBODY}`];
    try {
      await makeRoot(root);
      const files = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
      Deno.chmodSync(root, 0o555);

      await test.step("it starts", async () => {
        match((await inside([], "/soloden", "--version")).stdout, /^\d+\.\d+\.\d+\n$/);
      });

      await test.step("inspects, as an ordinary user without an environment", async () => {
        const { stdout, stderr } = await inside(asNobody, "/soloden", "inspect", "args.hvt");
        match(stdout, /^args.hvt: unikernel for hvt/);
        equal(stderr, "");
      });

      await test.step("runs a spt guest, with its words and status", async () => {
        const { status, stdout } = await inside(
          asNobody,
          "/soloden",
          "run",
          "args.spt",
          "--help",
          "b",
        );
        equal(status, 0);
        match(stdout, /^\[--help b\]$/m);
        equal((await inside([], "/soloden", "run", "exit_code.spt", "254")).status, 254);
      });

      await test.step("links a portable unikernel, without a compiler", async () => {
        for (const target of ["spt", "hvt"]) {
          const words = ["link", "-t", target, "-o", `/home/linked.${target}`, "args.solo5"];
          const { status, stderr } = await inside([], "/soloden", ...words);
          deepEqual([status, stderr], [0, ""]);
        }
        const { stdout } = await inside(asNobody, "/soloden", "run", "/home/linked.spt", "a", "b");
        match(stdout, /^\[a b\]$/m);
        const hvt = await inside(asNobody, "/soloden", "inspect", "/home/linked.hvt");
        match(hvt.stdout, /^\/home\/linked.hvt: unikernel for hvt \(ABI 2\) on x86_64$/m);
      });

      await test.step("is the program by whose name it is called", async () => {
        const { status, stdout } = await inside(asNobody, "/solo5-spt", "args.spt", "a");
        equal(status, 0);
        match(stdout, /^\[a\]$/m);
      });

      await test.step("says that a guest with a limit needs /proc", async () => {
        const command = ["/soloden", "run", "--timeout=60", "args.spt"] as const;
        const { status, stdout, stderr } = await inside(asNobody, ...command);
        deepEqual([status, stdout], [1, ""]);
        match(stderr, /^soloden: \/proc is not mounted: .*\n$/);
      });

      await test.step("names what is missing", async () => {
        const { status, stderr } = await inside([], "/soloden", "build", "x.c");
        equal(status, 1);
        match(stderr, /^soloden: .*(x\.c|compiler)/);
      });

      await stepUnless(noKvm ?? makeNode(root), test, {
        name: "runs a hvt guest",
        fn: async () => {
          const { status, stdout } = await inside([], "/soloden", "run", "args.hvt", "a");
          equal(status, 0);
          match(stdout, /^\[a\]$/m);
          equal((await inside([], "/soloden", "run", "exit_code.hvt", "3")).status, 3);
          // An ordinary user who may use KVM can do so confined.
          const { status: own, stderr } = await inside(
            asNobody,
            "/soloden",
            "run",
            "exit_code.hvt",
            "4",
          );
          deepEqual([own, stderr], [4, ""]);
        },
      });

      const left = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
      deepEqual(left.filter((name) => name !== "dev"), files);
    } finally {
      Deno.chmodSync(root, 0o755);
      Deno.removeSync(root, { recursive: true });
    }
  },
);

/** Runs a program to its end without an environment. */
async function executeClean(program: string, args: string[]): Promise<Result> {
  const command = new Deno.Command(program, { args, clearEnv: true, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

/** Makes a root's `/dev/kvm`; returns why it cannot, if so. */
function makeNode(root: string): string | undefined {
  Deno.mkdirSync(join(root, "dev"));
  const args = ["-m", "666", join(root, "dev/kvm"), "c", `${KVM_MAJOR}`, `${KVM_MINOR}`];
  const { success, stderr } = new Deno.Command("mknod", { args }).outputSync();
  return success ? undefined : new TextDecoder().decode(stderr);
}
