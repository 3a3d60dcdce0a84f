/**
 * The command as the npm package has it: a script that starts the runtime of the package beside it.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { HIDDEN_PREFIX } from "../../../linux/user_environment.ts";
import { npmProgram, PROGRAM } from "../../../release/npm/program.ts";
import { ALLOWED_VARIABLES, RUNTIME_ENVIRONMENT } from "../../../release/runtime.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { missingTool, stepUnless, testUnless } from "../../needs.ts";
import { execute, withOnly, writeProgram } from "../../soloden.ts";
import { noKvm } from "../../tender/hvt/kvm_available.ts";
import { installFlat, link, programFiles, writePackage, writeRuntime } from "./install.ts";

const unsupported = Deno.build.os === "linux" && Deno.build.arch === "x86_64"
  ? undefined
  : "only Linux on x86_64";

const VERSION = /^\d+\.\d+\.\d+\n$/;

testUnless(
  unsupported,
  "npm package: the program runs guests, and is the program that it is called",
  async (test) => {
    await inDirectory(async (directory) => {
      const program = installFlat(directory, await programFiles());

      await test.step("spt, with its words and status", async () => {
        const path = await guest("args", "spt");
        const { status, stdout, stderr } = await execute(program, ["run", path, "--help", "a  *"]);
        deepEqual([status, stderr], [0, ""]);
        match(stdout, /^\[--help a {2}\*\]$/m);
        equal((await execute(program, ["run", await guest("exit_code", "spt"), "9"])).status, 9);
      });

      await stepUnless(noKvm, test, {
        name: "hvt",
        fn: async () => {
          const args = ["run", await guest("exit_code", "hvt"), "8"];
          const { status, stderr } = await execute(program, args);
          deepEqual([status, stderr], [8, ""]);
        },
      });

      await test.step("under another name, through two links", async () => {
        const other = join(directory, "solo5-spt");
        Deno.symlinkSync(program, other);
        const { status, stdout, stderr } = await execute(other, [await guest("args", "spt"), "b"]);
        deepEqual([status, stderr], [0, ""]);
        match(stdout, /^\[b\]$/m);
      });

      await test.step("what it installs leads to it", async () => {
        const prefix = join(directory, "prefix");
        const { status, stderr } = await execute(program, ["install", "--prefix", prefix]);
        deepEqual([status, stderr], [0, ""]);
        const installed = join(prefix, "bin/solo5-spt");
        match((await execute(installed, [await guest("args", "spt"), "c"])).stdout, /^\[c\]$/m);
      });

      await test.step("closed streams", async () => {
        const shell = (script: string) => execute("sh", ["-c", script], { env: { P: program } });
        equal((await shell(`"$P" --version <&-`)).status, 0);
        match((await shell(`"$P" --version 2>&-`)).stdout, VERSION);
      });
    });
  },
);

testUnless(
  unsupported,
  "npm package: the runtime is found as Node.js finds packages",
  async (test) => {
    await inDirectory(async (directory) => {
      const files = await programFiles();
      const cases: Record<string, (root: string) => string> = {
        "all side by side": (root) => installFlat(root, files),
        "the runtime inside the package": (root) => {
          const own = join(root, "lib/node_modules/soloden");
          writePackage(own, files);
          const modules = join(own, "node_modules");
          writeRuntime(join(modules, "deno"), join(modules, "@deno/linux-x64-glibc"));
          return link(join(root, "bin"), `../lib/node_modules/soloden/${PROGRAM}`);
        },
        "the executable inside the runtime": (root) => {
          const modules = join(root, "node_modules");
          writePackage(join(modules, "soloden"), files);
          const inner = join(modules, "deno/node_modules");
          writeRuntime(join(modules, "deno"), join(inner, "@deno/linux-x64-glibc"));
          return link(join(modules, ".bin"), `../soloden/${PROGRAM}`);
        },
        "links into a store": (root) => {
          const store = (name: string) => join(root, "store", name, "node_modules");
          writePackage(join(store("soloden"), "soloden"), files);
          writeRuntime(join(store("deno"), "deno"), join(store("deno"), "@deno/linux-x64-glibc"));
          Deno.symlinkSync("../../deno/node_modules/deno", join(store("soloden"), "deno"));
          Deno.mkdirSync(join(root, "node_modules"));
          Deno.symlinkSync(
            "../store/soloden/node_modules/soloden",
            join(root, "node_modules/soloden"),
          );
          return link(join(root, "node_modules/.bin"), `../soloden/${PROGRAM}`);
        },
      };
      for (const [name, make] of Object.entries(cases)) {
        await test.step(name, async () => {
          // A name that a careless script would take apart.
          const root = join(directory, `a b*'$${name}`);
          Deno.mkdirSync(root);
          const { status, stdout, stderr } = await execute(make(root), ["--version"]);
          deepEqual([status, stderr], [0, ""]);
          match(stdout, VERSION);
        });
      }

      await test.step("without another program, where npm puts it", async () => {
        const nowhere = { PATH: "/nowhere" };
        for (const name of ["all side by side", "the runtime inside the package"]) {
          const root = join(directory, `npm ${name}`);
          const { status, stderr } = await withOnly(nowhere, cases[name]!(root), "--version");
          deepEqual([status, stderr], [0, ""]);
        }
        const root = join(directory, "elsewhere");
        Deno.mkdirSync(root);
        const program = cases["links into a store"]!(root);
        const { status, stderr } = await withOnly(nowhere, program, "--version");
        deepEqual([status, stderr], [1, `soloden: readlink does not say where ${program} is\n`]);
      });

      await test.step("and said to be missing", async () => {
        const root = join(directory, "missing");
        const program = installFlat(root, files);
        Deno.removeSync(join(root, "node_modules/@deno"), { recursive: true });
        const { status, stderr } = await execute(program, ["--version"]);
        equal(status, 1);
        match(stderr, /^soloden: the npm package @deno\/linux-x64-glibc is missing: .*\n$/);
        Deno.removeSync(join(root, "node_modules/deno"), { recursive: true });
        match(
          (await execute(program, ["--version"])).stderr,
          /^soloden: the npm package deno is missing: install it\n$/,
        );
      });
    });
  },
);

testUnless(
  unsupported,
  "npm package: limits that are too low get one line and status 1",
  async () => {
    await inDirectory(async (directory) => {
      const env = { P: installFlat(directory, await programFiles()) };
      const shell = (script: string) => execute("sh", ["-c", script], { env });
      for (const limit of ["-n 31", "-s 400", "-d 300000", "-v 1000000"]) {
        const { status, stderr } = await shell(`ulimit ${limit}; exec "$P" --version`);
        equal(status, 1);
        match(stderr, new RegExp(`^soloden: the limit on .*ulimit ${limit.slice(0, 2)}\\)\\n$`));
      }
      const lowest = "ulimit -n 32; ulimit -s 1024; ulimit -v 61440000; ulimit -d 655360";
      const { stdout, stderr } = await shell(`${lowest}; exec "$P" --version`);
      equal(stderr, "");
      match(stdout, VERSION);
    });
  },
);

for (const [shell, ...flags] of [["dash"], ["bash", "--posix"]]) {
  const missing = missingTool(shell!);
  testUnless(
    unsupported ?? missing,
    `npm package: of the environment the runtime obeys nothing, and words come as they are (${shell})`,
    async () => {
      await inDirectory(async (directory) => {
        const start = "(() => console.log(JSON.stringify([Deno.args, Deno.env.toObject()])))";
        const program = installFlat(
          directory,
          npmProgram({ start, texts: ["", ""], sources: [1, 1] }),
        );
        const user: Record<string, string> = {
          PATH: Deno.env.get("PATH")!,
          NO_COLOR: "",
          HOME: "/nowhere",
          DENO_V8_FLAGS: "--help",
          NODE_OPTIONS: "-r ./evil.cjs",
          OTEL_DENO: "true",
          LD_LIBRARY_PATH: "/nowhere",
          // What a script may call its own variables.
          name: "n",
          line: "l",
          script: "s",
          found: "f",
          PATH_: "p",
          [`${HIDDEN_PREFIX}HOME`]: "/elsewhere",
          quoted: `'"\`$(exit 1) \\ \t`,
          long: "one\nexport NOTHING='two'\nexport PATH='/nowhere'\nunset PATH\n",
        };
        const words = ["", "a  b", "c\nd", "*", "-e", "--", "$HOME"];
        const { status, stdout, stderr } = await withOnly(
          user,
          shell!,
          ...flags,
          program,
          ...words,
        );
        deepEqual([status, stderr], [0, ""]);
        const [args, seen]: [string[], Record<string, string>] = JSON.parse(stdout);
        deepEqual(args, words);
        const runtime: Record<string, string> = {};
        const given: Record<string, string> = {};
        for (const [name, value] of Object.entries(seen)) {
          if (/^(SOLODEN_USER_)?(PWD|OLDPWD|SHLVL|_)$/.test(name)) continue;
          if (!name.startsWith(HIDDEN_PREFIX)) runtime[name] = value;
          else given[name.slice(HIDDEN_PREFIX.length)] = value;
        }
        const { [`${HIDDEN_PREFIX}HOME`]: _, ...own } = user;
        deepEqual(given, own);
        const allowed = Object.entries(user).filter(([name]) => ALLOWED_VARIABLES.includes(name));
        deepEqual(runtime, {
          ...Object.fromEntries(
            RUNTIME_ENVIRONMENT.map((each) => /^(\w+)=(.*)$/.exec(each)!.slice(1)),
          ),
          ...Object.fromEntries(allowed),
        });
      });
    },
  );
}

testUnless(
  unsupported,
  "npm package: a compiler is given all of the user's variables, and none of the runtime's",
  async () => {
    await inDirectory(async (directory) => {
      const program = installFlat(directory, await programFiles());
      const compiler = join(directory, "compiler");
      writeProgram(compiler, `#!/bin/sh\nenv > "$SEEN"\nexit 1\n`);
      const env = {
        CC: compiler,
        HOME: directory,
        NODE_OPTIONS: "--own",
        PATH: Deno.env.get("PATH")!,
        SEEN: join(directory, "seen"),
      };
      equal((await withOnly(env, program, "build", "x.c")).status, 1);
      const seen = Deno.readTextFileSync(env.SEEN).trimEnd().split("\n")
        .filter((line) => !/^(PWD|_|OLDPWD|SHLVL)=/.test(line));
      deepEqual(seen.sort(), Object.entries(env).map(([name, value]) => `${name}=${value}`).sort());
    });
  },
);
