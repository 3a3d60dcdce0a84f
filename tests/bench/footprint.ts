/**
 * How large the single executable is, and how much of the program a command loads of it.
 *
 * @module
 */
import { spliceArguments } from "../../release/splice/splice.ts";
import { bundle } from "../../release/bundle.ts";
import type { Linked } from "../../release/link_chunks.ts";
import { runtimePrefix } from "../../release/runtime.ts";
import { guest } from "../guests.ts";
import { countedBundle } from "../release/counted_bundle.ts";
import type { Figure } from "./result.ts";

const KIB = 1024;

/** Finds sizes and counts; `directory` is for scratch files. */
export async function footprint(directory: string): Promise<Figure[]> {
  const program = await bundle();
  return [...sizes(program), ...await loads(program, directory)];
}

function sizes(program: Linked): Figure[] {
  const unit = "bytes";
  const value = program.start.length + program.texts.join("").length;
  const all: Figure = { name: "bundle", value, unit, limit: { atMost: 1448 * KIB } };
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return [all];
  const name = Deno.execPath();
  const runtime = Deno.readFileSync(name);
  const executable = spliceArguments(runtime, runtimePrefix(program), { name });
  const limit = { atMost: runtime.length + 1504 * KIB };
  return [
    { name: "executable", value: executable.length, unit, limit },
    { name: "runtime in it", value: runtime.length, unit },
    { ...all, name: "bundle in it" },
  ];
}

async function loads(program: Linked, directory: string): Promise<Figure[]> {
  const run = countedBundle(program, directory);
  const commands = [
    { name: "soloden --version", args: ["--version"], files: 7, texts: 1 },
    {
      name: "soloden run of a spt guest",
      args: ["run", await guest("args", "spt")],
      // With what it takes to run a portable one, and the bytes of its launch.
      files: 52,
      texts: 4,
    },
  ];
  const figures: Figure[] = [];
  for (const { name, args, files, texts } of commands) {
    const { status, stderr, loaded } = await run(args);
    if (status !== 0) throw new Error(stderr);
    // What it starts with is loaded in any case.
    const all = [0, ...loaded];
    const value = all.reduce((sum, text) => sum + program.sources[text]!, 0);
    figures.push(
      { name: `source files that ${name} loads`, value, unit: "files", limit: { atMost: files } },
      {
        name: `texts that ${name} loads`,
        value: all.length,
        unit: "texts",
        limit: { atMost: texts },
      },
    );
  }
  return figures;
}
