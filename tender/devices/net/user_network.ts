/**
 * Networks that take no rights: slirp4netns, a program of its own, has the guest's connections be
 * connections of this user. It exchanges frames with the guest directly, through a socket that keeps them
 * apart, so that nothing of this process stands between them. Source: slirp4netns(1).
 *
 * @module
 */
import { SOCK_NONBLOCK, SOCK_SEQPACKET, SOCK_STREAM } from "../../../linux/constants.ts";
import { memoryFile } from "../../../linux/exec.ts";
import { findProgram } from "../../../linux/find_program.ts";
import { Helper, isRoot } from "../../../linux/helper.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { ask, connectLocal, pause } from "../../../linux/local_socket.ts";
import { pipe } from "../../../linux/spawn.ts";
import { TenderError } from "../../error.ts";
import { type Forward, GUEST_ADDRESS, type UserBacking } from "./backing.ts";

const PROGRAM = "slirp4netns";
/** How long it may take to be there, and to answer, in milliseconds. */
const PATIENCE = 10_000;
/** Its descriptor by whose end it ends. */
const EXIT_FD = 3;

/** A network in use. To dispose of it ends it, as it ends in any case with this process. */
export interface UserNetwork extends Disposable {
  /** The guest's descriptor, on which a read or write is a frame. */
  readonly fd: number;
}

/** How to start a network. */
export interface UserNetworkOptions {
  /**
   * Whether it is disposed of by a process that has given up its rights by then, and must not kill. A process
   * that becomes the guest must not ask for this.
   */
  readonly confined: boolean;
}

/** Starts user networks; undefined where nothing has loaded what starts them. */
export type StartUser = typeof startUserNetwork;

/**
 * Starts a network for one guest.
 *
 * @throws {TenderError} "device" if slirp4netns is not installed or does not start, or a port is taken
 */
export function startUserNetwork(
  { forwards }: UserBacking,
  { confined }: UserNetworkOptions,
): UserNetwork {
  const [path, ...words] = findCommand();
  using scratch = new DisposableStack();
  const directory = scratch.adopt(
    Deno.makeTempDirSync({ prefix: "soloden-" }),
    (path) => Deno.removeSync(path, { recursive: true }),
  );
  const said = scratch.adopt(memoryFile("said", new Uint8Array()), (file) => file.close());
  const exit = confined ? pipe() : undefined;
  if (exit !== undefined) scratch.adopt(exit.read, closeDescriptor);
  const [frames, control] = [`${directory}/frames`, `${directory}/control`];
  using undo = new DisposableStack();
  const helper = undo.use(
    new Helper({
      path,
      args: [
        ...words,
        ...programOptions(forwards, { control, withExit: exit !== undefined }),
        frames,
      ],
      output: said.descriptor,
      passed: exit && [exit.read],
    }),
  );
  if (exit !== undefined) undo.adopt(exit.write, closeDescriptor);
  const program: Program = { helper, said: () => Deno.readTextFileSync(said.path) };
  const fd = undo.adopt(connect(frames, SOCK_SEQPACKET | SOCK_NONBLOCK, program), closeDescriptor);
  for (const forward of forwards) addForward(forward, control, program);
  const kept = undo.move();
  const dispose = () => {
    if (exit === undefined) return kept.dispose();
    // It ends when the pipe does.
    for (const end of [fd, exit.write]) closeDescriptor(end);
    helper.untilEnded();
  };
  return { fd, [Symbol.dispose]: dispose };
}

/**
 * The command of the program. Root's has mounts of its own: its sandbox gives up all mounts, and would take
 * away those of the host that are shared, as the network namespaces of `ip netns` are.
 */
function findCommand(): [string, ...string[]] {
  const program = found(PROGRAM, { of: PROGRAM });
  if (!isRoot()) return [program];
  return [found("unshare", { of: "util-linux" }), "--mount", "--propagation=private", program];
}

function found(program: string, { of }: { of: string }): string {
  const path = findProgram(program);
  if (path !== undefined) return path;
  const reason = `which is not installed; the package ${of} has it`;
  throw new TenderError("device", `a user network needs ${program}, ${reason}`);
}

function programOptions(
  forwards: readonly Forward[],
  { control, withExit }: { control: string; withExit: boolean },
): string[] {
  return [
    "--target-type=bess",
    // The guest reaches other hosts, but not what listens on this one for itself; without that, libslirp
    // passes no answer from the guest on to a sender of this host by UDP.
    ...(forwards.some(({ protocol }) => protocol === "udp") ? [] : ["--disable-host-loopback"]),
    "--enable-seccomp",
    // Others may not make namespaces, and have no rights to give up.
    ...(isRoot() ? ["--enable-sandbox"] : []),
    ...(withExit ? [`--exit-fd=${EXIT_FD}`] : []),
    // Its directory is gone before the program would make a socket that nobody waits for.
    ...(forwards.length > 0 ? [`--api-socket=${control}`] : []),
  ];
}

/** The running program, and what it has said. */
interface Program {
  readonly helper: Helper;
  said(): string;
}

/** Connects to a socket of the program's, as soon as that listens. */
function connect(path: string, type: number, { helper, said }: Program): number {
  for (const begin = performance.now(); performance.now() - begin < PATIENCE; pause(1)) {
    const fd = connectLocal(path, type);
    if (fd !== undefined) return fd;
    if (helper.ended) break;
  }
  throw new TenderError("device", `${PROGRAM} does not start: ${lastLine(said())}`);
}

function addForward(forward: Forward, control: string, program: Program): void {
  const { protocol, address, port, guestPort } = forward;
  const request = {
    execute: "add_hostfwd",
    arguments: {
      proto: protocol,
      host_addr: address,
      host_port: port,
      guest_addr: GUEST_ADDRESS,
      guest_port: guestPort,
    },
  };
  const fd = connect(control, SOCK_STREAM, program);
  try {
    const answer = ask(fd, JSON.stringify(request), { patience: PATIENCE });
    if (answer !== undefined && "return" in JSON.parse(answer)) return;
  } finally {
    closeDescriptor(fd);
  }
  const place = `${protocol} port ${port} of ${address}`;
  throw new TenderError(
    "device",
    `${place} cannot be forwarded: it is taken, or not for this user`,
  );
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "it says nothing";
}
