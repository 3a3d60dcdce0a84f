/**
 * Recordings of calls that failed: files that `soloden replay` runs.
 *
 * @module
 */
import { makePrivate } from "./cid.ts";

/** How many are kept, so that they cannot fill a disk. */
const MOST = 100;
const EXTENSION = ".rec";

/** A recording that is being written. To dispose of it removes it, unless it is kept. */
export interface CallRecording extends Disposable {
  readonly path: string;
  /** Appends to it. */
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** The call has failed. */
  keep(): void;
}

/** The recordings of this user. */
export class Recordings {
  readonly #directory: string;

  /** @param state directory above them; it is made with the first one */
  constructor(state: string) {
    this.#directory = `${state}/recordings`;
  }

  /**
   * Begins one.
   *
   * @param name `SERVER.TOOL`
   * @throws {McpError} "config" if others can write to where they are
   */
  begin(name: string): CallRecording {
    makePrivate(this.#directory);
    // In the order of time by name, too; several calls may begin at once.
    const time = new Date().toISOString().replaceAll(/[-:]/g, "");
    const path = `${this.#directory}/${time}-${name}-${crypto.randomUUID()}${EXTENSION}`;
    const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    let kept = false;
    return {
      path,
      write(bytes) {
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      },
      keep: () => void (kept = true),
      [Symbol.dispose]: () => {
        file.close();
        if (kept) this.#bound();
        else Deno.removeSync(path);
      },
    };
  }

  /** Removes the oldest ones where there are too many. */
  #bound(): void {
    const names = Array.from(Deno.readDirSync(this.#directory), ({ name }) => name)
      .filter((name) => name.endsWith(EXTENSION)).sort();
    for (const name of names.slice(0, -MOST)) {
      try {
        Deno.removeSync(`${this.#directory}/${name}`);
      } catch (error) {
        // Another process of this user does the same.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}
