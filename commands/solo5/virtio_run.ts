/**
 * The program `solo5-virtio-run`: becomes QEMU with a machine for one unikernel of virtio. Its exit status
 * is QEMU's: 83 after a unikernel that has ended, whatever its own status was.
 *
 * @module
 */
import { shellWord } from "../../bindings/shell_word.ts";
import { become } from "../../linux/exec.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { findProgram } from "../../linux/find_program.ts";
import { storageDrive } from "../../tender/devices/block/emulated.ts";
import { networkCard, tapBackend } from "../../tender/devices/net/emulated.ts";
import { QEMU, qemuCommand, type QemuDevice, type QemuMachine } from "../../tender/virtio/qemu.ts";
import { readShortOptions } from "./short_options.ts";

const NAME = "solo5-virtio-run";

const USAGE = `usage: ${NAME} [OPTIONS] [--] UNIKERNEL [--] [ARGUMENTS...]
Runs UNIKERNEL (for virtio) with ARGUMENTS as its command line in a machine of QEMU.
Options:
  -d DISK         attach the file DISK as the next storage
  -n IFACE[:MTU]  attach the TAP interface IFACE as the next network
  -m MEM          memory in MiB (128)
  -q              do not print the command that is run
  -H HV           kvm, qemu (no hardware help), or best (default: kvm where it can be used)`;

/** Memory in MiB unless `-m` says otherwise. */
const MEMORY = 128;

const KVM = "/dev/kvm";

/** What a program says that cannot go on. */
class Refusal extends Error {}

/**
 * Runs the program.
 *
 * @returns its exit status, if it does not become QEMU
 */
export function virtioRunProgram(words: readonly string[]): number {
  const read = readShortOptions(words, "d:m:n:qH:");
  const [path, ...args] = read?.operands ?? [];
  if (read === undefined || path === undefined) {
    console.error(USAGE);
    return 1;
  }
  try {
    const last = (letter: string) => read.options.findLast(([name]) => name === letter)?.[1];
    const command = qemuCommand({
      kernel: checkFile(path),
      cmdline: (args[0] === "--" ? args.slice(1) : args).join(" "),
      memory: readMemory(last("m") ?? String(MEMORY)),
      accelerator: chooseAccelerator(last("H") ?? "best"),
      devices: read.options.flatMap(readDevice),
    });
    const program = openProgram(QEMU);
    if (last("q") === undefined) console.error(`+ ${command.map(shellWord).join(" ")}`);
    return become({ descriptor: program }, command);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof RangeError)) throw error;
    console.error(`${NAME}: error: ${error.message}`);
    return 1;
  }
}

function checkFile(path: string): string {
  try {
    if (Deno.statSync(path).isFile) return Deno.realPathSync(path);
  } catch {
    // Whatever the reason is, the file is of no use.
  }
  throw new Refusal(`not found: ${path}`);
}

function readMemory(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) === 0) {
    throw new Refusal(`not a size in MiB: ${text}`);
  }
  return Number(text);
}

function readDevice([letter, value]: readonly [letter: string, value: string]): QemuDevice[] {
  if (letter === "d") {
    return [storageDrive({ path: isBlockDevice(value) ? value : checkFile(value) })];
  }
  if (letter !== "n") return [];
  const [, name = value, mtu] = /^([^:]*):([0-9]{1,5})$/.exec(value) ?? [];
  if (!isInterface(name)) throw new Refusal(`no such network interface: ${name}`);
  return [networkCard(tapBackend(name), mtu === undefined ? {} : { mtu: Number(mtu) })];
}

function isBlockDevice(path: string): boolean {
  try {
    return Deno.statSync(path).isBlockDevice === true;
  } catch {
    return false;
  }
}

/** Whether this process sees an interface. `/sys` may show those of another network namespace. */
function isInterface(name: string): boolean {
  const [, , ...lines] = Deno.readTextFileSync("/proc/net/dev").trimEnd().split("\n");
  return lines.some((line) => line.slice(0, line.indexOf(":")).trim() === name);
}

function chooseAccelerator(word: string): QemuMachine["accelerator"] {
  switch (word) {
    case "kvm":
      return "kvm";
    case "qemu":
      return "tcg";
    case "best":
      return hasKvm() ? "kvm" : "tcg";
    default:
      throw new Refusal(`Unknown hypervisor: ${word}`);
  }
}

function hasKvm(): boolean {
  try {
    Deno.openSync(KVM, { read: true, write: true }).close();
    return true;
  } catch {
    return false;
  }
}

/** Opens a program of `$PATH`. */
function openProgram(name: string): number {
  const path = findProgram(name);
  if (path === undefined) throw new Refusal(`${name} not found: install qemu-system-x86`);
  return openDescriptor(path, { readOnly: true });
}
