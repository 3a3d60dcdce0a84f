/**
 * What tools printed, kept for people: a file for each tool.
 *
 * @module
 */
import { makePrivate } from "./cid.ts";

/** Size at which a file is put aside, in bytes. */
const LARGEST = 1024 * 1024;

/** The logs of this user. */
export class Logs {
  readonly #directory: string;

  /** @param state directory above them; it is made with the first line */
  constructor(state: string) {
    this.#directory = `${state}/logs`;
  }

  /** Appends what an instance printed; nothing, if it printed nothing. */
  append(name: string, { cid, text }: { cid: number; text: string }): void {
    if (text === "") return;
    makePrivate(this.#directory);
    const path = this.#path(name);
    const end = text.endsWith("\n") ? "" : "\n";
    const head = `--- ${new Date().toISOString()} CID ${cid}\n`;
    using file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    file.writeSync(new TextEncoder().encode(`${head}${text}${end}`));
    if (file.statSync().size > LARGEST) Deno.renameSync(path, `${path}.1`);
  }

  /** All that is kept of a tool: `SERVER.TOOL`. */
  read(name: string): string {
    return [`${this.#path(name)}.1`, this.#path(name)].map((path) => {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return "";
        throw error;
      }
    }).join("");
  }

  /** Names of the tools that have printed something. */
  names(): string[] {
    try {
      const all = Array.from(Deno.readDirSync(this.#directory), ({ name }) => name);
      return [...new Set(all.map((name) => name.replace(/\.log(\.1)?$/, "")))].sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  #path(name: string): string {
    return `${this.#directory}/${name}.log`;
  }
}
