/**
 * Task `build`: bundles the command into one JavaScript file, `dist/soloden.js`.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { build, stop } from "esbuild";
import { writeOutput } from "../linux/output.ts";
import {
  assets,
  description,
  fixedValues,
  lazyBuiltins,
  packages,
  replacements,
} from "./bundle_plugins.ts";
import { type Group, linkChunks, type Linked } from "./link_chunks.ts";
import { bundledPackages, type Package } from "./bundled_packages.ts";
import { BUNDLE, fromRoot } from "./paths.ts";

const ENTRY = "release/entry.ts";

/**
 * What is loaded together: for the entry and the version; for every guest, portable or not; for one of spt;
 * for help; for one of hvt; to call a tool in a unikernel; to try tools; to serve them to clients; to adopt a
 * program.
 */
const GROUPS: readonly Group[] = [
  { names: [ENTRY, "deno.json"] },
  { names: ["commands/run.ts", "commands/choose_target.ts"], runs: ["commands/run.ts"] },
  {
    names: ["tender/spt/tender.ts", "linux/exec.ts", "bindings/images/spt_x86_64.fixed.ts"],
    runs: ["tender/spt/tender.ts", "linux/exec.ts"],
  },
  { names: ["commands/application.ts"] },
  {
    names: [
      "commands/run_to_end.ts",
      "tender/hvt/tender.ts",
      "tender/hvt/confine.ts",
      "tender/observe/observers.ts",
      "tender/observe/explain_crash.ts",
    ],
  },
  { names: ["commands/mcp/call.ts", "commands/mcp/instances.ts", "commands/mcp/servers.ts"] },
  { names: ["commands/mcp/trial.ts"] },
  { names: ["commands/mcp/serve.ts", "mcp/server/stdio.ts", "mcp/server/http.ts"] },
  { names: ["commands/adopt.ts", "bindings/images/personality.fixed.ts"] },
];

/** The linked command. */
export interface Bundle extends Linked {
  /** The npm packages that it contains code of. */
  readonly packages: readonly Package[];
}

/**
 * Bundles the command. A module is evaluated only when it is imported, as in the checkout.
 *
 * @returns the same code for the same sources, wherever they lie
 */
export async function bundle(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fromRoot(ENTRY)],
    absWorkingDir: fromRoot("."),
    outdir: fromRoot("dist"),
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    define: { "import.meta.main": "false" },
    legalComments: "none",
    logLevel: "warning",
    plugins: [assets(), description(), fixedValues(), lazyBuiltins(), replacements(), packages()],
  });
  await stop();
  const outputs = Object.entries(metafile.outputs);
  const chunkOf = (source: string): string => {
    const output = outputs.find(([, { entryPoint }]) => entryPoint === source);
    if (output === undefined) throw new Error(`${source} is not imported by import()`);
    return basename(output[0]);
  };
  const linked = linkChunks({
    chunks: new Map(outputFiles.map(({ path, text }) => [basename(path), text])),
    sources: new Map(outputs.map(([path, { inputs }]) => [basename(path), countSources(inputs)])),
    groups: GROUPS.map(({ names, runs }) => ({
      names: names.map(chunkOf),
      runs: runs?.map(chunkOf),
    })),
  });
  return { ...linked, packages: bundledPackages(metafile) };
}

/** Files of which nothing is left, such as those with types alone, do not count. */
function countSources(inputs: Record<string, { bytesInOutput: number }>): number {
  return Object.values(inputs).filter(({ bytesInOutput }) => bytesInOutput > 0).length;
}

/** Writes a bundle as one module. */
export function writeBundle({ start, texts }: Linked): void {
  const module = `const texts=${JSON.stringify(texts)};await${start}(n=>texts[n]);\n`;
  Deno.mkdirSync(dirname(BUNDLE), { recursive: true });
  writeOutput(BUNDLE, new TextEncoder().encode(module));
}

if (import.meta.main) {
  writeBundle(await bundle());
  console.log(`dist/soloden.js: ${Deno.statSync(BUNDLE).size} bytes`);
}
