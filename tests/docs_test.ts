/**
 * Follows the guides: writes every file that they show, executes every command, in their order and in one
 * directory, and compares what it prints with what the guide shows.
 *
 * A block of commands that says `kvm`, `net`, `capture`, `cross`, `qemu`, `user` or `images` is skipped where this host has no such thing.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { noCross } from "./bindings/aarch64/available.ts";
import { noImage } from "./commands/languages/images.ts";
import { entriesOf } from "../commands/table.ts";
import { routes } from "../commands/application.ts";
import { example } from "./guests.ts";
import { Namespace, noNetns } from "./netns.ts";
import { missingTool, stepUnless } from "./needs.ts";
import { execute, type Result, ROOT, writeProgram } from "./soloden.ts";
import { noKvm } from "./tender/hvt/kvm_available.ts";
import { noUserNetworks } from "./tender/devices/user_network.ts";
import { noQemu } from "./tender/virtio/qemu_machine.ts";

/** A fenced block: what its first line says, and its text. */
interface Block {
  readonly kind: string;
  readonly text: string;
}

function blocksOf(markdown: string): Block[] {
  return Array.from(
    markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gms),
    ([, kind, text]) => ({ kind: kind!, text: text! }),
  );
}

/** A command, and the lines that it prints. */
interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

function stepsOf(text: string): Step[] {
  return text.split(/^\$ /m).slice(1).map((step) => {
    const [command, ...expected] = step.trimEnd().split("\n");
    return { command: command!, expected };
  });
}

/** Whether a line is as shown, `…` being anything. */
function isAsShown(line: string, shown: string): boolean {
  const parts = shown.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(line);
}

/** Finds the shown lines among the printed ones, in order; what is left out may be nothing, too. */
function compare({ command, expected }: Step, { stdout, stderr }: Result): void {
  const printed = `${stdout}${stderr}`.split("\n");
  let at = 0;
  for (const shown of expected.filter((shown) => shown !== "…")) {
    while (at < printed.length && !isAsShown(printed[at]!, shown)) at++;
    ok(at++ < printed.length, `${command}\ndoes not print: ${shown}\nbut: ${printed.join("\n")}`);
  }
  if (expected.length === 0) return;
  const exact = !expected.some((shown) => shown.includes("…") || shown.endsWith(":"));
  if (exact) equal(printed.filter((line) => line !== "").length, expected.length, command);
}

/** Why a block of a kind cannot be executed here. */
const MISSING: Readonly<Record<string, string | undefined>> = {
  kvm: noKvm,
  net: noNetns,
  capture: noKvm ?? noNetns ?? missingTool("tcpdump"),
  cross: noCross,
  qemu: noQemu,
  user: noUserNetworks,
  images: noImage("python") ?? noImage("javascript"),
};

/** A directory with the programs that the guide takes for granted, and a checkout at `soloden`. */
function prepare(directory: string): Record<string, string> {
  const programs = join(directory, "programs");
  Deno.mkdirSync(programs);
  const write = (name: string, command: string) =>
    writeProgram(join(programs, name), `#!/bin/sh\nexec ${command}\n`);
  write("soloden", `"${Deno.execPath()}" run -A --no-check "${ROOT}/main.ts" "$@"`);
  write("deno", `"${Deno.execPath()}" "$@"`);
  write("sudo", `"$@"`);
  const here = join(directory, "here");
  Deno.mkdirSync(here);
  Deno.symlinkSync(ROOT, join(here, "soloden"));
  return { PATH: `${programs}:${Deno.env.get("PATH")}`, NO_COLOR: "1", LC_ALL: "C" };
}

/** What the library's programs need from the package registry, which a network namespace cuts off. */
async function fetchPackages(home: string): Promise<void> {
  const program = join(home, "fetched.ts");
  Deno.writeTextFileSync(program, `import "./soloden/mod.ts";\n`);
  const { status, stderr } = await execute(Deno.execPath(), ["cache", program]);
  equal(status, 0, stderr);
  Deno.removeSync(program);
}

for (
  const name of [
    "guide",
    "observing",
    "dropin",
    "portable",
    "programs",
    "languages",
    "warm",
    "replay",
    "tools",
  ]
) {
  Deno.test(`${name}: every command and every program in it, in its order`, (test) =>
    follow(name, test));
}

/** A home of its own, but for what the runtime has fetched already. */
function homeIn(directory: string): Record<string, string> {
  const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache/deno");
  return { HOME: directory, XDG_RUNTIME_DIR: join(directory, "run"), DENO_DIR: cache };
}

async function follow(name: string, test: Deno.TestContext): Promise<void> {
  const directory = Deno.makeTempDirSync();
  using net = noNetns === undefined ? new Namespace() : undefined;
  try {
    // Commands about tools keep files of their own for the user.
    const env = { ...prepare(directory), ...(name === "tools" && homeIn(directory)) };
    const home = join(directory, "here");
    await fetchPackages(home);
    let cwd = home;
    const run = (command: string) => {
      const shell = ["sh", "-c", command] as const;
      const options = { cwd, env };
      return net === undefined
        ? execute(shell[0], shell.slice(1), options)
        : execute("ip", ["netns", "exec", net.name, ...shell], options);
    };
    for (const { kind, text } of blocksOf(Deno.readTextFileSync(join(ROOT, `docs/${name}.md`)))) {
      const [language, rest = ""] = kind.split(" ");
      if (language !== "console") {
        const file = join(home, rest.replace(/^file=/, ""));
        Deno.mkdirSync(dirname(file), { recursive: true });
        Deno.writeTextFileSync(file, text);
        continue;
      }
      for (const step of stepsOf(text)) {
        if (step.command.startsWith("cd ")) cwd = join(cwd, step.command.slice(3));
        else {
          await stepUnless(MISSING[rest], test, {
            name: step.command,
            fn: async () => compare(step, await run(step.command)),
          });
        }
      }
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Why a command of the manual page cannot be executed here. */
function cannotRun(command: string): string | undefined {
  if (/\btap0\b/.test(command)) return noNetns;
  return command.includes(".hvt") && command.startsWith("soloden run") ? noKvm : undefined;
}

Deno.test("manual: every example in it, in its order", async () => {
  const [, page] = Deno.readTextFileSync(join(ROOT, "docs/soloden.1")).split(".SH EXAMPLES");
  const examples = Array.from(
    page!.matchAll(/^\$ (.*)$/gm),
    ([, line]) => line!.replaceAll("\\-", "-"),
  );
  ok(examples.length > 20);
  const directory = Deno.makeTempDirSync();
  using net = noNetns === undefined ? new Namespace() : undefined;
  try {
    const env = { ...prepare(directory), ...homeIn(directory), USER: "root" };
    const lines = examples.filter((command) => cannotRun(command) === undefined).map((command) => {
      if (command === "cd hello") return `${command}; cp ../disk.spt ../echo.spt .`;
      // A server is stopped at its limit of time.
      return command.includes("echo.spt") ? `${command} || [ $? = 124 ]` : command;
    });
    const cwd = join(directory, "here");
    for (const name of ["disk", "echo"]) {
      Deno.copyFileSync(await example(name, "spt"), join(cwd, `${name}.spt`));
    }
    const script = ["bash", "-exc", lines.join("\n")];
    const [program, ...args] = net === undefined
      ? script
      : ["ip", "netns", "exec", net.name, ...script];
    const { status, stdout, stderr } = await execute(program!, args, { cwd, env });
    equal(status, 0, stderr);
    equal(stdout.match(/^Arguments: world$/gm)?.length, noKvm === undefined ? 3 : 2);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("readme: every command is in its list", () => {
  const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
  const listed = Array.from(readme.matchAll(/^ {4}soloden ([a-z|]+)/gm), ([, names]) => names!);
  const names = listed.flatMap((names) => names.split("|"));
  deepEqual(new Set(names), new Set(entriesOf(routes).map(({ path }) => path[0])));
});
