/**
 * The command, in a home directory of its own.
 *
 * @module
 */
import { join } from "node:path";
import { inDirectory } from "../../in_directory.ts";
import { execute, type Result, ROOT } from "../../soloden.ts";

/** Runs `soloden ARGS…` with a home of its own. */
export async function atHome(
  use: (run: (...args: string[]) => Promise<Result>, home: string) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const home = Deno.realPathSync(directory);
    const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache/deno");
    const env = { HOME: home, XDG_RUNTIME_DIR: join(home, "run"), DENO_DIR: cache, NO_COLOR: "1" };
    const program = ["run", "-A", "--no-check", join(ROOT, "main.ts")];
    const run = (...args: string[]) => execute(Deno.execPath(), [...program, ...args], { env });
    await use(run, home);
  });
}
