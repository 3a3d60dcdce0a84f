/**
 * Fuzzing what tools and their callers send: frames however they are cut, requests, answers, descriptions,
 * configurations and schemas. Each is read, or refused in a line.
 *
 * @module
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { checkConfig, parseConfig, resolveTool, warningsOf } from "../../../mcp/config.ts";
import { readDescription } from "../../../mcp/description.ts";
import { encodeFrame, FrameReader, MAX_FRAME } from "../../../mcp/frame.ts";
import { parseRequest, parseResponse, RequestError, unwrapResult } from "../../../mcp/json_rpc.ts";
import { checkInputSchema, MAX_SCHEMA, printable } from "../../../mcp/schema.ts";
import { offerOf } from "../../../mcp/server/offer.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const HERE = { home: "/home/me", images: "/images", architecture: "x86_64" };

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Reads an input as JSON; undefined if it is none. */
function valueOf(input: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(input)) };
  } catch {
    return undefined;
  }
}

/** What a reader makes of a stream: its messages, and the line with which it ends, if it does. */
function readFrames(pieces: readonly Uint8Array[]): unknown[] {
  const [reader, found] = [new FrameReader(), [] as unknown[]];
  try {
    for (const piece of pieces) found.push(...reader.push(piece));
    reader.end();
  } catch (error) {
    refusing(() => {
      throw error;
    });
    found.push((error as Error).message);
  }
  return found;
}

/** Streams of frames: the same whole and byte by byte, and each message can be sent again. */
export const frames: FuzzTarget = {
  name: "frames",
  covers: ["mcp/frame.ts"],
  seeds: () => [
    encodeFrame({ jsonrpc: "2.0", id: 1, result: [null, "ä", 1.5] }),
    Uint8Array.from([...encodeFrame(1), ...encodeFrame("two"), ...encodeFrame([])]),
    Uint8Array.of(0, 0, 0, 0),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1),
    Uint8Array.of(1, 0, 0, 0, 0xff),
  ],
  run: (input) => {
    const whole = readFrames([input.slice()]);
    const cut = Array.from(input, (_, at) => input.slice(at, at + 1));
    // A frame that is refused may come after others in the same bytes, which are lost with it.
    const single = readFrames(cut);
    deepEqual(whole.at(-1), single.at(-1));
    for (const message of single.slice(0, -1)) {
      const frame = encodeFrame(message);
      ok(frame.length <= MAX_FRAME + 4);
      deepEqual(readFrames([frame]), [message]);
    }
  },
};

/** Requests, answers to them, and what programs say of their tools. */
export const messages: FuzzTarget = {
  name: "messages",
  covers: ["mcp/json_rpc.ts", "mcp/description.ts", "mcp/schema.ts"],
  seeds: () => [
    bytesOf({ jsonrpc: "2.0", id: 7, server_id: "s", method: "t", params: { a: [1] } }),
    bytesOf({ jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: "[1]" }] } }),
    bytesOf({ jsonrpc: "2.0", id: 7, error: { code: -32602, message: "no", data: {} } }),
    bytesOf({ tools: [{ name: "t", description: "d", inputSchema: { type: "object" } }] }),
  ],
  run: (input) => {
    const read = valueOf(input);
    if (read === undefined) return;
    const { value } = read;
    try {
      const request = parseRequest(value);
      deepEqual(parseRequest(JSON.parse(JSON.stringify(request))), request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      ok("error" in error.response);
    }
    refusing(() => unwrapResult(parseResponse(value, 7)));
    refusing(() => {
      for (const { name, description, inputSchema } of readDescription(value, "s")) {
        ok(/^[\w.-]{1,64}$/.test(name));
        equal(printable(description), description);
        if (inputSchema !== undefined) checkedSchema(inputSchema);
      }
    });
  },
};

/** Configurations: one that is read has tools that can be resolved, offered and read again. */
export const configurations: FuzzTarget = {
  name: "configurations",
  covers: ["mcp/config.ts", "mcp/server/offer.ts"],
  seeds: () => [
    bytesOf({
      default_execution_mode: "unikernel",
      unikernel_dir: "~/images",
      mcp_servers: {
        s: {
          unikernel_image: "a.solo5",
          tools: {
            t: {
              memory_mb: 64,
              mounts: [{ host_path: "/a", guest_path: "/b", readonly: true }],
              env_vars: { A: "b" },
              kraft_config: { plat: "kvm", arch: "x86_64" },
              input_schema: { type: "object" },
              fetch: [{ origin: "https://a.b", headers: { c: { env: "D" } } }],
            },
          },
        },
        m: { use_microvm: true, microvm_id: "m", server_command: "a b", persistent: true },
      },
    }),
  ],
  run: (input) =>
    refusing(() => {
      const config = parseConfig(new TextDecoder().decode(input), { name: "c" });
      for (const line of warningsOf(config)) ok(line !== "");
      offerOf(config);
      for (const [server, { tools }] of Object.entries(config.mcp_servers)) {
        for (const tool of Object.keys(tools)) {
          refusing(() => {
            const { image, memory } = resolveTool(config, { server, tool }, HERE);
            ok(image.startsWith("/") && !image.includes("\0") && memory > 0);
          });
        }
      }
      checkConfig(JSON.parse(new TextDecoder().decode(input)), { name: "c" });
    }),
};

/** Schemas that are not trusted: those that pass are small, shallow, and refer to nothing outside. */
export const schemas: FuzzTarget = {
  name: "schemas",
  covers: ["mcp/schema.ts"],
  seeds: () => [
    bytesOf({ type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: {} } }),
    bytesOf({ type: "object", properties: { a: { $ref: "https://a.b/c" } } }),
    bytesOf({ type: "object", allOf: [{ pattern: "^(a+)+$" }, { $dynamicRef: "x" }] }),
  ],
  run: (input) => {
    const read = valueOf(input);
    if (read === undefined) return;
    refusing(() => checkedSchema(checkInputSchema(read.value, "s")));
  },
};

function checkedSchema(schema: unknown): void {
  const text = JSON.stringify(schema);
  ok(new TextEncoder().encode(text).length <= MAX_SCHEMA);
  const refers = Array.from(text.matchAll(/"\$(?:dynamicR|recursiveR|r)ef":"(.)/g), ([, to]) => to);
  ok(refers.every((first) => first === "#"), text);
}
