/**
 * The audit log: one line of JSON for each call, each denial and each request that a tool makes.
 *
 * @module
 */
import { McpError, type McpErrorCode } from "./error.ts";
import { makePrivate } from "./cid.ts";

/** How a call ended: well, or why not. */
export type End = "ok" | McpErrorCode;

/** Who called: the user and process, and what the client calls itself. */
export interface Caller {
  readonly uid: number | null;
  readonly pid: number;
  readonly client?: string;
}

/** A call that was executed, or one that failed. */
export interface CallRecord {
  readonly event: "call";
  /** When it was over: ISO 8601. */
  readonly time: string;
  readonly who: Caller;
  readonly server: string;
  readonly tool: string;
  readonly mode: string;
  /** What it ran on; none if nothing ran. */
  readonly target?: string;
  readonly image: string;
  /** SHA-256 of the image, in hexadecimal digits. */
  readonly sha256?: string;
  readonly cid?: number;
  /** Live instances of this process, this one among them. */
  readonly live: number;
  readonly limits: {
    readonly memory_mb: number;
    readonly timeout_secs: number;
    readonly cpu_secs: number;
  };
  readonly end: End;
  /** What went wrong. */
  readonly message?: string;
  /** Path of the recording that the call has left. */
  readonly recording?: string;
  /** In milliseconds: until it was its turn, until the tool took its request, until it answered. */
  readonly times: { readonly queue: number; readonly boot: number; readonly call: number };
  /** Sizes of the request and of the answer. */
  readonly bytes: { readonly in: number; readonly out: number };
}

/** Something that was not allowed. */
export interface DenialRecord {
  readonly event: "denial";
  readonly time: string;
  readonly who: Caller;
  readonly server: string;
  readonly tool: string;
  readonly message: string;
}

/** A request that a tool made, or was not allowed to make. */
export interface FetchRecord {
  readonly event: "fetch";
  readonly time: string;
  readonly server: string;
  readonly tool: string;
  readonly cid: number;
  readonly method: string;
  readonly url: string;
  /** The status of the answer; none if there was none. */
  readonly status?: number;
  /** Why there is no answer. */
  readonly message?: string;
  readonly bytes: { readonly in: number; readonly out: number };
}

/** A line of the log. */
export type AuditRecord = CallRecord | DenialRecord | FetchRecord;

/** Size at which a log is put aside, in bytes. */
const LARGEST_LOG = 64 * 1024 * 1024;

/** The log of this user, which several processes write to. */
export class AuditLog implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #size = 0;

  /** @param state directory of the log; it is made with the first line */
  constructor(state: string) {
    this.#path = auditPath(state);
  }

  /**
   * Appends a line.
   *
   * @throws {McpError} "config" if it cannot be written: what is not in the log must not happen
   */
  append(record: AuditRecord): void {
    const line = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
    try {
      this.#file ??= this.#open();
      // One write: lines of other processes come before or after it.
      this.#file.writeSync(line);
    } catch (error) {
      if (error instanceof McpError) throw error;
      throw new McpError("config", `${this.#path}: ${(error as Error).message}`);
    }
    this.#size += line.length;
    if (this.#size > LARGEST_LOG) this[Symbol.dispose]();
  }

  /** Closes the file, which the next line opens again. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): Deno.FsFile {
    const directory = this.#path.slice(0, this.#path.lastIndexOf("/"));
    makePrivate(directory);
    const options = { append: true, create: true, mode: 0o600 };
    const file = Deno.openSync(this.#path, options);
    this.#size = file.statSync().size;
    if (this.#size <= LARGEST_LOG) return file;
    file.close();
    Deno.renameSync(this.#path, `${this.#path}.1`);
    this.#size = 0;
    return Deno.openSync(this.#path, options);
  }
}

/** Path of the log below the state's directory. */
export function auditPath(state: string): string {
  return `${state}/audit.jsonl`;
}

/** The lines of a log, the one that was put aside among them; those that are damaged are left out. */
export function* readAudit(state: string): Generator<AuditRecord> {
  for (const path of [`${auditPath(state)}.1`, auditPath(state)]) {
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw new McpError("config", `${path}: ${(error as Error).message}`);
    }
    for (const line of text.split("\n")) {
      try {
        if (line !== "") yield JSON.parse(line) as AuditRecord;
      } catch {
        // A line that was being written when the machine lost its power.
      }
    }
  }
}
