/**
 * The single executable on a real terminal: what a person sees of its first commands, line by line.
 */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { noExecutable, sharedExecutable } from "./executable.ts";

const unsupported = noExecutable ?? missingTool("script", "stty", "cc");

/** What a command shows, and how it ends. */
interface Shown {
  readonly status: number;
  readonly lines: readonly string[];
}

/** A directory to type commands in. */
interface Desk {
  readonly directory: string;
  readonly cache: string;
}

const environment = async ({ cache }: Desk) => ({
  TERM: "xterm",
  NO_COLOR: "",
  XDG_CACHE_HOME: cache,
  SOLODEN: await sharedExecutable(),
});

/** Types a command on a terminal of 80 columns; `$SOLODEN` is the executable. */
async function type(command: string, desk: Desk): Promise<Shown> {
  const script = `stty cols 80 rows 24; before=$(stty -g); ${command}; status=$?; ` +
    `[ "$before" = "$(stty -g)" ] || echo "the terminal's mode has changed"; exit $status`;
  const log = join(desk.cache, "typescript");
  const { status, stdout } = await execute("script", ["-qec", script, log], {
    cwd: desk.directory,
    env: await environment(desk),
  });
  return { status, lines: linesOf(stdout) };
}

/** The same command where there is no terminal. */
async function pipe(command: string, desk: Desk): Promise<Shown> {
  const { status, stdout } = await execute("sh", ["-c", `(${command}) 2>&1`], {
    cwd: desk.directory,
    env: await environment(desk),
  });
  return { status, lines: linesOf(stdout) };
}

/** What makes the rest of a line appear in the place of what was before. */
const OVERWRITTEN = new RegExp(`\r|${"\x1b"}\\[K`);

/** The lines as they stand on the screen in the end, without colours. */
function linesOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").split("\n")
    .map((line) => stripVTControlCharacters(line.split(OVERWRITTEN).at(-1)!))
    .filter((line) => line !== "");
}

/** What the runtime says that no one wants to know, and what should not happen. */
const GARBAGE = /cache file|Warning|is a fault/;

/** Words, wherever the lines end. */
function words({ status, lines }: Shown): unknown {
  return [status, lines.join(" ").split(/\s+/)];
}

async function withDesks(use: (terminal: Desk, plain: Desk) => Promise<void>): Promise<void> {
  const root = Deno.makeTempDirSync();
  try {
    const cache = join(root, "cache");
    const [terminal, plain] = ["terminal", "plain"].map((name) => join(root, name));
    for (const path of [cache, terminal!, plain!]) Deno.mkdirSync(path);
    await use({ directory: terminal!, cache }, { directory: plain!, cache });
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/** The first commands that one types, in this order, and what is to be seen. */
const COMMANDS: readonly (readonly [command: string, status: number, shows: RegExp])[] = [
  ["$SOLODEN --version", 0, /^\d+\.\d+\.\d+$/],
  ["$SOLODEN", 0, /^ +build /],
  ["$SOLODEN --help", 0, /^ +build /],
  ["$SOLODEN run --help", 0, /--mem/],
  ["$SOLODEN new hello", 0, /hello/],
  ["$SOLODEN build --manifest hello/manifest.json -o hello/hello hello/*.c", 0, /^$/],
  ["$SOLODEN run hello/hello.spt", 0, /Hello/i],
  ["$SOLODEN run --timeout=60 hello/hello.spt", 0, /Hello/i],
  ["$SOLODEN pack -o packed hello/hello.spt", 0, /^$/],
  ["./packed", 0, /Hello/i],
  ["$SOLODEN inspect hello/hello.spt", 0, /unikernel for spt/],
  ["$SOLODEN inspect --json packed", 0, /"spt"/],
  ["$SOLODEN completions bash", 0, /complete/],
  ["$SOLODEN buidl", 1, /^soloden: .*build/],
  ["$SOLODEN run --nonsense hello/hello.spt", 1, /^soloden: .*nonsense/],
  ["$SOLODEN run nothing.spt", 1, /^soloden: nothing\.spt: No such file or directory/],
  ["$SOLODEN inspect hello/manifest.json", 1, /^soloden: hello\/manifest\.json: /],
];

testUnless(
  unsupported,
  "terminal: the first commands show what they show elsewhere, and no line more",
  async (test) => {
    await withDesks(async (terminal, plain) => {
      for (const [command, status, shows] of COMMANDS) {
        await test.step(command, async () => {
          const shown = await type(command, terminal);
          equal(shown.status, status, shown.lines.join("\n"));
          const expected = await pipe(command, plain);
          deepEqual(words(shown), words(expected));
          const text = shown.lines.join("\n");
          if (shows.source === "^$") equal(text, "");
          else match(text, new RegExp(shows, "m"));
          if (status !== 0) { for (const line of shown.lines) match(line, /^soloden: |^ /); }
          doesNotMatch(text, GARBAGE);
        });
      }
    });
  },
);

testUnless(unsupported, "terminal: doctor shows a verdict on each line", async () => {
  await withDesks(async (desk) => {
    const { lines } = await type("$SOLODEN doctor", desk);
    ok(lines.length > 3);
    doesNotMatch(lines.join("\n"), GARBAGE);
  });
});

testUnless(
  unsupported ?? noKvm,
  "terminal: a guest of hvt shows what it prints, and leaves the terminal as it was",
  async () => {
    await withDesks(async (desk) => {
      const source = join(ROOT, "examples/hello/hello.c");
      deepEqual(await type(`$SOLODEN build -t hvt -o hello "${source}"`, desk), {
        status: 0,
        lines: [],
      });
      const run = await type("$SOLODEN run --mem=2 hello.hvt --solo5:quiet", desk);
      deepEqual([run.status, run.lines], [0, ["Hello from soloden on Solo5!", "Command line: ''"]]);
    });
  },
);
