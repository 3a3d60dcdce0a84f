/**
 * Linux programs as they run natively, and as unikernels.
 *
 * @module
 */
import { adopt, type AdoptOptions } from "../../bindings/adopt.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import {
  bind,
  parseUnikernel,
  run,
  statusOf,
  type TenderTarget,
  type Unikernel,
} from "../../mod.ts";

/** What a program printed, on standard output and standard error, and its status as a shell has it. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Makes a unikernel of a program: for spt, if no other target is asked for. */
export async function adopted(
  path: string,
  { target = "spt", ...options }: Partial<AdoptOptions> & { target?: TenderTarget } = {},
): Promise<Unikernel> {
  const bytes = await adopt(Deno.readFileSync(path), { name: path, ...options });
  return await bindTo(parseUnikernel(bytes, { name: path }), target);
}

/** Runs a unikernel that was a program. */
export async function runAdopted(
  unikernel: Unikernel,
  { args = [], memory = "64 MiB" }: { args?: readonly string[]; memory?: `${number} MiB` } = {},
): Promise<Ended> {
  const guest = bind(unikernel, { memory, args: ["--solo5:quiet", ...args] });
  const decoder = new TextDecoder();
  let output = "";
  const outcome = await run(guest, {
    console: (bytes) => output += decoder.decode(bytes, { stream: true }),
  });
  return { status: statusOf(outcome), output };
}

/** Runs a program natively, with both of its outputs in one pipe; `input`: the file that it reads. */
export function runNatively(
  path: string,
  { args = [], cwd, env = {}, input = "/dev/null" }: {
    args?: readonly string[];
    cwd?: string;
    env?: Record<string, string>;
    input?: string;
  } = {},
): Ended {
  const { code, stdout } = new Deno.Command("sh", {
    args: ["-c", 'exec "$0" "$@" 2>&1 <"$INPUT"', path, ...args],
    stdin: "null",
    cwd,
    env: { ...env, INPUT: input },
    clearEnv: true,
  }).outputSync();
  return { status: code, output: new TextDecoder().decode(stdout) };
}
