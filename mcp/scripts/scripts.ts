/**
 * Tools that are functions of a script, in Python or JavaScript: a runner of this room calls them.
 *
 * @module
 */
import { McpError } from "../error.ts";
import { DESCRIBE, type Request } from "../json_rpc.ts";
import JAVASCRIPT from "./runner.js" with { type: "text" };
import PYTHON from "./runner.py" with { type: "text" };

/** The runner of a language, and the name of its file. */
export interface Runner {
  readonly name: string;
  readonly text: string;
}

/** The runners, by what the names of scripts end in. */
const RUNNERS: Readonly<Record<string, Runner>> = {
  ".py": { name: "soloden_tool.py", text: PYTHON },
  ".js": { name: "soloden_tool.js", text: JAVASCRIPT },
};

/** The runner for a file; undefined if it is no script. */
export function runnerFor(path: string): Runner | undefined {
  return RUNNERS[/\.[^./]+$/.exec(path)?.[0] ?? ""];
}

/** A call as the runner reads it. */
export interface ScriptCall {
  /** What the runner is given on its standard input. */
  readonly input: Uint8Array;
  /**
   * Finds the answer in what was printed.
   *
   * @returns the response, and what was printed before it
   * @throws {McpError} "crash" if there is none
   */
  read(printed: string): { response: unknown; rest: string };
}

/** Makes a call: nobody but the runner knows what its answer begins with. */
export function scriptCall(path: string, { id, method, params }: Request): ScriptCall {
  const mark = crypto.randomUUID();
  const module = path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]+$/, "");
  const source = method === DESCRIBE ? Deno.readTextFileSync(path) : undefined;
  const text = JSON.stringify({ mark, module, method, params: params ?? {}, source });
  return {
    input: new TextEncoder().encode(text),
    read(printed) {
      const at = printed.lastIndexOf(mark);
      if (at < 0) {
        const [last = ""] = printed.trimEnd().split("\n").slice(-1);
        throw new McpError("crash", `it ended without an answer: ${last}`);
      }
      try {
        const answer = JSON.parse(printed.slice(at + mark.length)) as object;
        return { response: { jsonrpc: "2.0", id, ...answer }, rest: printed.slice(0, at - 1) };
      } catch {
        throw new McpError("protocol", "what it answered is no JSON");
      }
    },
  };
}
