/**
 * Builds, inspects and runs Solo5 unikernels.
 *
 * {@linkcode parseUnikernel} makes a value of a file's bytes, {@linkcode bind} gives it memory, a command
 * line and devices, and {@linkcode run} runs the result to its end, which is a value, too: the same for
 * every target.
 *
 * ```ts
 * import { bind, build, describe, parseUnikernel, run } from "./mod.ts";
 *
 * const output = await Deno.makeTempFile({ suffix: ".spt" });
 * await build({ sources: ["examples/hello/hello.c"], targets: ["spt"], output });
 * const unikernel = parseUnikernel(await Deno.readFile(output), { name: "hello.spt" });
 * await Deno.remove(output);
 * const guest = bind(unikernel, { memory: "32 MiB", args: ["one", "two"] });
 * let said = "";
 * const outcome = await run(guest, { console: (bytes) => said += new TextDecoder().decode(bytes) });
 * if (outcome.kind !== "exit") throw new Error(describe(outcome));
 * if (!said.includes("Command line: 'one two'")) throw new Error(said);
 * ```
 *
 * - {@linkcode spawn} has a guest run beside other work, with its console as a stream; {@linkcode start}
 *   starts one that the program steps, and can capture (a guest of spt where it is traced).
 * - A {@linkcode Pool} prepares unikernels once, and starts guests of them by the thousand.
 * - {@linkcode net} and {@linkcode block} make devices. {@linkcode Limits} and {@linkcode ObserveOptions} are
 *   options of a run: what it may use, and what to be told of it.
 * - {@linkcode build} makes unikernels of sources in C, {@linkcode bindTo} puts a portable one on a target,
 *   {@linkcode pack} makes a Linux executable of one for spt, and {@linkcode inspect} tells what is in one.
 * - What is thrown is an {@linkcode ElfError} (a file is not what it should be), a {@linkcode TenderError}
 *   (a guest cannot be launched as asked), a {@linkcode ToolchainError} (a source cannot be built) or a
 *   {@linkcode SystemError} (a system call failed). Each has a message for people, and codes for programs.
 *
 * To import this takes no permission; to run a guest takes `--allow-ffi`, and `--allow-run` for spt.
 *
 * @module
 */
export * from "./elftool/mod.ts";

export { adopt, type AdoptOptions } from "./bindings/adopt.ts";
export { bindTo } from "./bindings/bind_to.ts";
export { build, type BuildOptions } from "./bindings/command.ts";
export { ToolchainError, type ToolchainErrorCode } from "./bindings/error.ts";
export type { BuildTarget, ImageTarget } from "./bindings/targets.ts";

export {
  type Access,
  block,
  type BlockDevice,
  type BlockMaker,
  type BlockOptions,
  type MemoryBlock,
} from "./tender/devices/block/device.ts";
export type { DiskMemory, MemoryFile } from "./tender/devices/block/disk_memory.ts";
export type { BoundDevice, DeviceBase, PropertiesBase } from "./tender/devices/device.ts";
export type { Device } from "./tender/devices/kinds.ts";
export type {
  Backing,
  Forward,
  MakePair,
  NetDevice,
  UserBacking,
  WireBacking,
} from "./tender/devices/net/backing.ts";
export { net, type NetMaker } from "./tender/devices/net/device.ts";
export { NetHub } from "./tender/devices/net/hub.ts";
export type { NetPort, WireOptions } from "./tender/devices/net/wire.ts";
export { SystemError } from "./linux/libc.ts";
export { TenderError, type TenderErrorCode, type TenderProblem } from "./tender/error.ts";
export { bind, type Guest, type GuestOptions, type TenderTarget } from "./tender/guest.ts";
export { pack } from "./tender/targets.ts";
export { record, type Recorded, replay, type ReplayOptions } from "./tender/record/replay.ts";
export { type Checkpoint } from "./tender/record/checkpoints.ts";
export { ReplaySession, type SessionOptions } from "./tender/record/session.ts";
export { parseRecording, type Recording, type RecordingHeader } from "./tender/record/recording.ts";
export type { ReplayPosition } from "./tender/record/expected.ts";
export type { ClockTimes, InputPosition } from "./tender/record/inputs.ts";
export type { CpuDoubt, CpuInstruction, CpuSite } from "./elftool/x86_64/cpu_inputs.ts";
export {
  type FaultChance,
  type FaultyPart,
  type InjectedFault,
  type InjectedKind,
  type Injector,
  type PlannedFault,
  randomFaults,
} from "./tender/inject/faults.ts";
export { snapshot } from "./tender/snapshot.ts";
export type { Size } from "./tender/size.ts";
export type { Limits } from "./tender/limits.ts";
export { HYPERCALL, type Hypercall } from "./abi/hvt.ts";
export type { CodePlace, CoreFile, Crash, CrashRegisters, Trap } from "./tender/crash.ts";
export { type Frame, PCAP_HEADER, pcapRecord } from "./tender/observe/pcap_format.ts";
export {
  type DeviceStats,
  formatStats,
  type Stats,
  type Traffic,
} from "./tender/observe/stats_format.ts";
export type { CallFields, RingCall, TracedCall } from "./tender/observe/trace.ts";
export { TRACE_FORMATS, type TraceFormat } from "./tender/observe/trace_format.ts";
export {
  type CrashReport,
  describe,
  type Fault,
  type FaultKind,
  type FaultReason,
  type LimitReached,
  type Outcome,
  statusOf,
} from "./tender/outcome.ts";
export { run, start } from "./tender/run/event_loop.ts";
export { type RunningGuest, spawn, type SpawnOptions } from "./tender/run/spawn.ts";
export type { Attempt, Budget, Captured, Ended, Run, Steps, Stop, Wait } from "./tender/run/run.ts";
export {
  Pool,
  type PoolImage,
  type PoolOptions,
  type PoolStartOptions,
  type PoolStats,
} from "./pool/pool.ts";
export { PoolError, type PoolErrorCode } from "./pool/error.ts";
export type { PooledGuest } from "./pool/guest.ts";
export type { CloneOptions, PrepareOptions } from "./tender/clones.ts";
export { encodeSuspended, parseSuspended, type Suspended } from "./tender/hvt/suspended.ts";
export type { CpuModel } from "./tender/hvt/cpu_model.ts";
export type { Emulator, MachineOptions } from "./tender/hvt/machine.ts";
export type { ObserveOptions, RunOptions, StepOptions, TakeOutput } from "./tender/run/options.ts";
