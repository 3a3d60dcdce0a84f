/**
 * Starts QEMU with a guest, and says how the guest ended.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
import { memoryFile } from "../../linux/exec.ts";
import { tiedProgram } from "../../linux/tied.ts";
import { childEnvironment } from "../../linux/user_environment.ts";
import { TenderError } from "../error.ts";
import { type Outcome, SIGNAL_STATUS } from "../outcome.ts";
import { startProcess } from "../run/process_run.ts";
import type { Run } from "../run/run.ts";
import type { GdbOptions, StartOptions } from "../target.ts";
import type { QemuLaunch } from "./compile.ts";
import { endOf, qemuCommand } from "./qemu.ts";
import { checkOptions } from "./refusals.ts";

/**
 * Starts a guest.
 *
 * @param options `program`: the path of QEMU
 * @throws {TenderError} "option" for what QEMU's guests cannot have, "host" if it cannot be started
 * @throws {SystemError} if there is no memory to hold the guest's file, or the kernel does not limit QEMU
 */
export async function startQemu(
  { name, kernel, machine }: QemuLaunch,
  { program, gdb, ...options }: StartOptions & { program: string },
): Promise<Run> {
  checkOptions(options);
  const place = gdb && placeOf(gdb);
  using files = new DisposableStack();
  const inMemory = (name: string, bytes: Uint8Array) =>
    files.adopt(memoryFile(name, bytes), (file) => file.close()).path;
  const status = inMemory("status", new Uint8Array());
  const command = qemuCommand({
    ...machine,
    kernel: inMemory(name, kernel),
    gdb: place && `tcp:${place}`,
    status,
  });
  const tied = inMemory("qemu", tiedProgram(Deno.pid));
  const run = await startProcess({
    // QEMU makes its output non-blocking, for whoever else has it, too.
    apart: true,
    spawn: (stdout) => Promise.resolve(spawn(tied, [program, ...command.slice(1)], stdout)),
    outcome: (ended, complaint) =>
      qemuOutcome(ended, { complaint, said: Deno.readFileSync(status) }),
  }, options);
  gdb?.say(`waiting for gdb: gdb ${name} -ex 'target remote ${place}'`);
  // Its files are needed until it has ended.
  const kept = files.move();
  const close = () => kept.dispose();
  run.outcome.then(close, close);
  return run;
}

/** Where QEMU waits for gdb. It does not tell which port it takes where it is to take any. */
function placeOf({ endpoint: { address, port } }: GdbOptions): string {
  if (port !== 0) return `${address.join(".")}:${port}`;
  throw new TenderError("option", "--gdb: QEMU needs the number of a port, and takes no free one");
}

function spawn(
  path: string,
  args: readonly string[],
  stdout: "piped" | "inherit",
): Deno.ChildProcess {
  try {
    return new Deno.Command(path, {
      args: [...args],
      ...childEnvironment(),
      stdin: "null",
      stdout,
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TenderError("host", "/proc is not mounted: QEMU is started from there");
  }
}

/** What QEMU says when a signal ends it; its status is 0 then. */
const TERMINATED = /terminating on signal (\d+)/;

function qemuOutcome(
  { code, signal }: Deno.CommandStatus,
  { complaint, said }: { complaint: string; said: Uint8Array },
): Outcome {
  // The guest has none of QEMU's signals.
  if (signal !== null) return { kind: "signal", signal: code - SIGNAL_STATUS };
  const end = endOf(code, said);
  if (end.kind === "exit") {
    return end.status === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status: end.status };
  }
  const terminated = TERMINATED.exec(complaint);
  if (terminated !== null) return { kind: "signal", signal: Number(terminated[1]) };
  if (end.kind === "reset") {
    const message = "the machine was reset, as by a triple fault";
    return { kind: "fault", fault: "trap", reason: "triple-fault", message };
  }
  const message = complaint.trim() || `QEMU ended with status ${end.status}`;
  return { kind: "fault", fault: "host", reason: "host", message };
}
