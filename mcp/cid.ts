/**
 * The addresses of instances: numbers that all processes of this user share. Each is a file that whoever
 * has the number keeps locked, so that a process that is killed gives it back.
 *
 * @module
 */
import { McpError } from "./error.ts";

/** The port that every instance is called at. */
export const PORT = 5252;
/** Numbers of instances that serve one call: first and last. */
export const EPHEMERAL = [200, 299] as const;
/** Numbers of instances that go on. */
export const PERSISTENT = [100, 199] as const;

/** Most characters of what a file says of an instance that serves one call. */
const LONGEST_ENTRY = 300;

/** What is known of a live instance. */
export interface Instance {
  readonly cid: number;
  /** Its holder. */
  readonly pid: number;
  /** `SERVER.TOOL`, or the name of a persistent one. */
  readonly name: string;
  /** When it was made: ISO 8601. */
  readonly since: string;
  /** Path of the socket that it can be reached at; only a persistent one has one. */
  readonly socket?: string;
}

/** A number that was taken. To dispose of it gives it back. */
export interface Lease extends Disposable {
  readonly cid: number;
}

/** The numbers of one user. */
export class CidRegistry {
  readonly #directory: string;
  /** Where to look for a free one next. */
  #next = Math.floor(Math.random() * 100);

  /**
   * @param directory where the files are; it is made if need be
   * @throws {McpError} "config" if others can write to it
   */
  constructor(directory: string) {
    this.#directory = directory;
    makePrivate(directory);
  }

  /**
   * Takes a number for one call.
   *
   * @param name `SERVER.TOOL`
   * @throws {McpError} "busy" if all are taken
   */
  take(name: string): Lease {
    const [first, last] = EPHEMERAL;
    const size = last - first + 1;
    for (let tried = 0; tried < size; tried++) {
      const cid = first + this.#next++ % size;
      const lease = this.#lock(cid, { name });
      if (lease !== undefined) return lease;
    }
    throw new McpError("busy", `CID exhausted: ${first} to ${last} are all in use`);
  }

  /**
   * Takes the number of an instance that goes on: the one that it had before, unless that is in use.
   *
   * @param socket path of the socket that it can be reached at
   * @throws {McpError} "busy" if it runs already, or all are taken
   */
  takePersistent(name: string, socket: (cid: number) => string): Lease {
    const [first, last] = PERSISTENT;
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const owners = new Map(all.map((cid) => [cid, this.#read(cid)?.name]));
    const own = all.filter((cid) => owners.get(cid) === name);
    if (own.some((cid) => this.#isLocked(cid))) {
      throw new McpError("busy", `${name} is running already`);
    }
    const free = all.filter((cid) => owners.get(cid) === undefined);
    for (const cid of [...own, ...free, ...all]) {
      const lease = this.#lock(cid, { name, socket: socket(cid), kept: true });
      if (lease !== undefined) return lease;
    }
    throw new McpError("busy", `CID exhausted: ${first} to ${last} are all in use`);
  }

  /** Every live instance, by number. */
  list(): Instance[] {
    const cids = Array.from(Deno.readDirSync(this.#directory), ({ name }) => Number(name));
    return cids.filter((cid) => Number.isInteger(cid) && this.#isLocked(cid)).sort((a, b) => a - b)
      .flatMap((cid) => this.#read(cid) ?? []);
  }

  #path(cid: number): string {
    return `${this.#directory}/${cid}`;
  }

  #lock(
    cid: number,
    { name, socket, kept = false }: { name: string; socket?: string; kept?: boolean },
  ): Lease | undefined {
    const options = { read: true, write: true, create: true, mode: 0o600 };
    const file = Deno.openSync(this.#path(cid), options);
    if (!file.tryLockSync(true)) {
      file.close();
      return undefined;
    }
    const instance: Instance = {
      cid,
      pid: Deno.pid,
      name,
      since: new Date().toISOString(),
      socket,
    };
    if (kept) file.truncateSync();
    // As long as any other: what was there before is overwritten, in one call.
    const text = JSON.stringify(instance).padEnd(LONGEST_ENTRY);
    file.writeSync(new TextEncoder().encode(text));
    return {
      cid,
      [Symbol.dispose]: () => {
        // A program that this process starts at this moment has the file, too, until it is executed.
        file.unlockSync();
        file.close();
      },
    };
  }

  #isLocked(cid: number): boolean {
    try {
      using file = Deno.openSync(this.#path(cid), { read: true });
      return !file.tryLockSync(false);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #read(cid: number): Instance | undefined {
    try {
      return JSON.parse(Deno.readTextFileSync(this.#path(cid))) as Instance;
    } catch {
      // No file, or one that is being written.
      return undefined;
    }
  }
}

/**
 * Makes a directory that is this user's alone.
 *
 * @throws {McpError} "config" if it is somebody else's, or others can write to it
 */
export function makePrivate(directory: string): void {
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { isDirectory, uid, mode } = Deno.lstatSync(directory);
  if (isDirectory && uid === Deno.uid() && (mode! & 0o022) === 0) return;
  throw new McpError("config", `${directory}: must be a directory that only you can write to`);
}
