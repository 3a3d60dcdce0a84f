/**
 * The recorder inside of a guest: code above guest memory that makes the guest's system calls and logs what
 * they bring, so that nobody else has to run for it. The guest's `syscall` instructions lead there, as far
 * as they can be replaced. bindings/recorder/ is its source.
 *
 * The guest can write to its log, so what is in it is checked. A hostile guest can forge its own recording,
 * and nothing else.
 *
 * @module
 */
import { alignUp, struct, u32, u64 } from "../../../abi/layout.ts";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import { bindingsImage } from "../../../bindings/bindings_image.ts";
import { readElf } from "../../../elftool/elf_reader.ts";
import { readLoaded } from "../../../elftool/loaded.ts";
import type { RecorderImage } from "../../../elftool/recorder_image.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { rewriteSystemCalls, type Rewriting } from "../../../elftool/x86_64/rewrite.ts";
import { survey } from "../../../elftool/x86_64/survey.ts";
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import { Mapping } from "../../../linux/memory.ts";
import type { Tracee } from "../../../linux/tracee.ts";
import { TenderError } from "../../error.ts";
import { type Guest, tenderTarget } from "../../guest.ts";
import type { Input } from "../../record/inputs.ts";
import { fileOf } from "../../record/recording.ts";
import type { ProcessImage } from "../compile.ts";

/** A recorder at its place. Addresses are those in the guest. */
export interface PlacedRecorder {
  readonly address: number;
  /** Where its code begins, in bytes from its own start. */
  readonly codeAddress: number;
  readonly code: Uint8Array;
  /** In bytes, whole pages. */
  readonly size: number;
  /** As `RecorderImage`. */
  readonly made: number;
  readonly fault: number;
}

/** How far above guest memory it is put, in bytes: further than the launch, which differs in replays, goes. */
const GAP = 0x100_0000;

/**
 * Has a guest's system calls lead to a recorder.
 *
 * @param sites instructions that are replaced, too
 * @returns undefined where nothing can lead there
 * @throws {ElfError} if the unikernel is damaged
 * @throws {ToolchainError} if the recorder or the bindings have to be built, and a tool is missing or fails
 */
export async function withRecorder(
  guest: Guest,
  { image, sites }: { image: ProcessImage; sites: readonly CpuSite[] },
): Promise<{ image: ProcessImage; recorder: PlacedRecorder } | undefined> {
  const recorder = await loadRecorder();
  const address = alignUp(image.note.memory + GAP, PAGE_SIZE);
  const trampolines = address + alignUp(recorder.codeAddress + recorder.code.length, 16);
  const entry = address + recorder.entry;
  const rewriting = await rewritingOf(guest, { trampolines, personality: entry });
  if (rewriting === undefined || !areApart(rewriting, sites)) return undefined;
  const { codeAddress, made, fault } = recorder;
  const code = new Uint8Array(trampolines - address - codeAddress + rewriting.trampolines.length);
  code.set(recorder.code);
  code.set(rewriting.trampolines, code.length - rewriting.trampolines.length);
  return {
    image: { ...image, segments: image.segments.map((segment) => patched(segment, rewriting)) },
    recorder: {
      address,
      codeAddress,
      code,
      size: alignUp(codeAddress + code.length, PAGE_SIZE),
      made: address + made,
      fault: address + fault,
    },
  };
}

async function loadRecorder(): Promise<RecorderImage> {
  const { recorder } = await import("../../../bindings/images/recorder.fixed.ts");
  return recorder ?? await (await import("../../../bindings/images/build.ts")).buildRecorderImage();
}

/** A portable unikernel makes its calls in the bindings; undefined if they are too far away. */
async function rewritingOf(
  guest: Guest,
  places: { trampolines: number; personality: number },
): Promise<Rewriting | undefined> {
  const { name, architecture } = guest.unikernel;
  const own = fileOf(guest);
  const file = parseUnikernel(own, { name }).portable === undefined
    ? own
    : (await bindingsImage(tenderTarget(guest.unikernel), architecture)).file;
  try {
    return rewriteSystemCalls(survey(readLoaded(readElf(file, { name }))), places);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether no instruction was moved that is replaced, too. */
function areApart({ patches }: Rewriting, sites: readonly CpuSite[]): boolean {
  return !sites.some((site) =>
    patches.some(({ address, bytes }) =>
      site.address < address + bytes.length && address < site.address + site.length
    )
  );
}

function patched<T extends { readonly address: number; readonly data: Uint8Array }>(
  segment: T,
  { patches }: Rewriting,
): T {
  const inside = patches.filter(({ address }) =>
    address >= segment.address && address < segment.address + segment.data.length
  );
  if (inside.length === 0) return segment;
  const data = segment.data.slice();
  for (const { address, bytes } of inside) data.set(bytes, address - segment.address);
  return { ...segment, data };
}

/** `struct recorder_state`. */
const State = struct({
  recording: u32,
  console: u32,
  used: u32,
  low: u32,
  high: u32,
});
/** `struct recorder_entry`. */
const Entry = struct({ kind: u32, check: u32, value: u64, size: u64 });
/** Where the log begins, in bytes from the recorder's start. */
const LOG = 0x3000;
/** `enum recorder_kind`. */
const KINDS = ["", "wall", "monotonic", "poll", "read", "write", "console", "call"] as const;

/** What was logged with an input. */
interface Logged {
  readonly check: number;
  /** What was read, or printed. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The memory that a recorder shares with this process. */
export class RecorderMemory implements Disposable {
  readonly #recorder: PlacedRecorder;
  readonly #mapping: Mapping;
  readonly #view: DataView<ArrayBuffer>;
  readonly #words: Int32Array<ArrayBuffer>;
  /** How much of the log was taken, in bytes. */
  #taken = 0;

  /**
   * Takes over the file that a guest has made for it, and puts the code there.
   *
   * @throws {SystemError} if the kernel refuses
   */
  constructor(fd: number, recorder: PlacedRecorder) {
    this.#recorder = recorder;
    this.#mapping = new Mapping(fd, recorder.size);
    const { bytes } = this.#mapping;
    bytes.set(recorder.code, recorder.codeAddress);
    this.#view = new DataView(bytes.buffer);
    this.#words = new Int32Array(bytes.buffer, 0, State.size / 4);
  }

  /** Has the guest log its calls from now on; `console`: its output, too, which is done later then. */
  begin({ console }: { console: boolean }): void {
    State.write(this.#view, 0, { recording: 1, console: console ? 1 : 0 });
  }

  /** The checksum of what the guest has asked, by its halves. The guest has to be stopped. */
  get asked(): readonly [low: number, high: number] {
    return [this.#get("low"), this.#get("high")];
  }

  set asked([low, high]: readonly [low: number, high: number]) {
    this.#set("low", low);
    this.#set("high", high);
  }

  /**
   * Takes what the guest has logged since the last time.
   *
   * @param take gets each input with its check and its data, which is gone afterwards
   * @returns how many there were
   * @throws {TenderError} "guest" if it is no log
   */
  take(take: (input: Input, logged: Logged) => void): number {
    const end = LOG + this.#get("used");
    let count = 0;
    while (this.#taken + LOG < end) {
      const at = LOG + this.#taken;
      const data = at + Entry.size;
      const { kind, check, value, size } = Entry.read(this.#view, at);
      if (end > this.#recorder.codeAddress || data + Number(size) > end) throw damaged();
      const bytes = this.#mapping.bytes.subarray(data, data + Number(size));
      take(inputOf(KINDS[kind] || "", { value, data: bytes }), { check, data: bytes });
      this.#taken += alignUp(Entry.size + bytes.length, 8);
      count++;
    }
    return count;
  }

  /** Empties the log. The guest has to be stopped. */
  clear(): void {
    this.#taken = 0;
    this.#set("used", 0);
  }

  /** Has a guest go on that could not read what it was to log; returns whether that was so. */
  leave(tracee: Tracee): boolean {
    const { address, codeAddress, size, fault } = this.#recorder;
    const registers = tracee.registers();
    const at = Number(registers.rip) - address;
    if (at < codeAddress || at >= size) return false;
    tracee.setRegisters({ ...registers, rip: BigInt(fault) });
    return true;
  }

  [Symbol.dispose](): void {
    this.#mapping.close();
  }

  #get(field: keyof typeof State.offsets): number {
    return Atomics.load(this.#words, State.offsets[field] / 4) >>> 0;
  }

  #set(field: keyof typeof State.offsets, value: number): void {
    Atomics.store(this.#words, State.offsets[field] / 4, value | 0);
  }
}

function inputOf(
  kind: typeof KINDS[number],
  { value, data }: { value: bigint; data: Uint8Array<ArrayBuffer> },
): Input {
  switch (kind) {
    case "wall":
    case "monotonic":
      return { kind, value };
    case "poll":
      return { kind, ready: value };
    case "read":
      return { kind, result: Number(BigInt.asIntN(64, value)), data };
    case "console":
    case "write":
    case "call":
      return { kind, result: Number(BigInt.asIntN(64, value)) };
    case "":
      throw damaged();
  }
}

function damaged(): TenderError {
  return new TenderError("guest", "the guest wrote to the log of its recording");
}
