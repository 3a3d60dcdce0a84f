/**
 * Tools without any isolation: a program of this host for each call. Nobody gets this unasked.
 *
 * @module
 */
import { userVariable } from "../linux/user_environment.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { type Answer, Log } from "./instance.ts";
import { parseResponse, type Request } from "./json_rpc.ts";

/**
 * Executes the server's command: it gets the request as a line on its standard input, and answers with one.
 *
 * @throws {McpError} "config" if there is no command; else as a call in a unikernel does
 */
export async function executeDirect(
  { server, command, config }: ToolSpec,
  request: Request,
  { signal }: { signal?: AbortSignal },
): Promise<Answer> {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new McpError("config", `${server}: the mode direct needs server_command`);
  }
  const begun = performance.now();
  const line = new TextEncoder().encode(`${JSON.stringify(request)}\n`);
  const { timeout_secs, env_vars, max_output_bytes } = config;
  const timeout = AbortSignal.timeout(timeout_secs * 1000);
  const signals = signal === undefined ? [timeout] : [timeout, signal];
  const child = start(program, args, { env: env_vars, signal: AbortSignal.any(signals) });
  const log = new Log(max_output_bytes);
  const [status] = await Promise.all([
    child.status,
    child.stdout.pipeTo(new WritableStream({ write: log.take })).catch(() => {}),
    new Response(line).body!.pipeTo(child.stdin).catch(() => {}),
  ]);
  if (signal?.aborted) throw new McpError("cancelled", "the call was cancelled");
  if (timeout.aborted) {
    throw new McpError("limit", `timeout_secs: stopped after ${timeout_secs} s`, {
      limit: "timeout_secs",
      seconds: timeout_secs,
      elapsed: Math.round(performance.now() - begun),
    });
  }
  const text = log.text();
  if (!status.success) throw new McpError("crash", `${program}: ended with status ${status.code}`);
  const result = parseResponse(parse(text), request.id);
  const bytes = { in: line.length, out: text.length };
  return { result, boot: 0, call: performance.now() - begun, bytes };
}

function start(
  program: string,
  args: readonly string[],
  { env, signal }: { env: Record<string, string>; signal: AbortSignal },
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      env: { PATH: userVariable("PATH") ?? "", ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal,
    }).spawn();
  } catch (error) {
    throw new McpError("image", `${program}: ${(error as Error).message}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new McpError("protocol", "what it printed is not JSON");
  }
}
