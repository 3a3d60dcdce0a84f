import { deepEqual, equal, throws } from "node:assert/strict";
import { McpError } from "../../mcp/error.ts";
import {
  parseRequest,
  parseResponse,
  RequestError,
  RPC,
  unwrapResult,
} from "../../mcp/json_rpc.ts";

const REQUEST = { jsonrpc: "2.0", id: 7, server_id: "s", method: "t", params: { a: 1 } } as const;

Deno.test("J1: a request has a version, an unsigned id, a server and a method", () => {
  deepEqual(parseRequest(REQUEST), REQUEST);
  const { params: _, ...bare } = REQUEST;
  deepEqual(parseRequest(bare), bare);
});

Deno.test("J2: a response has the request's id, and a result or an error", () => {
  deepEqual(parseResponse({ jsonrpc: "2.0", id: 7, result: null }, 7), null);
  const error = { code: -32602, message: "no", data: [1] };
  throws(
    () => parseResponse({ jsonrpc: "2.0", id: 7, error }, 7),
    (thrown) =>
      thrown instanceof McpError && thrown.code === "tool" && thrown.message === "no" &&
      thrown.data.code === -32602,
  );
  throws(
    () => parseResponse({ jsonrpc: "2.0", id: 7, error: { ...error, message: "" } }, 7),
    { message: "error -32602, without a message" },
  );
  for (
    const [response, why] of [
      [{ jsonrpc: "2.0", id: 8, result: 1 }, /another request/],
      [{ jsonrpc: "2.0", id: "7", result: 1 }, /another request/],
      [{ jsonrpc: "2.0", id: 7 }, /neither/],
      [{ jsonrpc: "2.0", id: 7, result: 1, error }, /both/],
      [{ id: 7, result: 1 }, /jsonrpc/],
      [{ jsonrpc: "2.0", id: 7, error: { code: "1", message: "" } }, /its error/],
      [null, /not an object/],
      [[], /not an object/],
    ] as const
  ) {
    throws(
      () => parseResponse(response, 7),
      (thrown) =>
        thrown instanceof McpError && thrown.code === "protocol" && why.test(thrown.message),
    );
  }
});

Deno.test("J3: requests that are none are answered with -32600", () => {
  for (
    const [message, id] of [
      [{ ...REQUEST, jsonrpc: "1.0" }, 7],
      [{ ...REQUEST, server_id: " " }, 7],
      [{ ...REQUEST, method: "" }, 7],
      [{ ...REQUEST, id: -1 }, null],
      [{ ...REQUEST, id: 1.5 }, null],
      [{ ...REQUEST, id: "7" }, null],
      [[], null],
      [null, null],
    ] as const
  ) {
    throws(() => parseRequest(message), (thrown) => {
      if (!(thrown instanceof RequestError) || !("error" in thrown.response)) return false;
      deepEqual([thrown.response.id, thrown.response.error.code], [id, RPC.invalidRequest]);
      return true;
    });
  }
});

Deno.test("J4: a content whose text is JSON is unwrapped, and nothing else is", () => {
  const content = (text: string) => ({ content: [{ type: "text", text }] });
  deepEqual(unwrapResult(content(`{"a":1}`)), { a: 1 });
  for (const result of [content("plain"), 5, "text", null, { a: 1 }, { content: [] }]) {
    equal(unwrapResult(result), result);
  }
});

Deno.test("J5: members that are not known are ignored, and another version is refused", () => {
  deepEqual(parseRequest({ ...REQUEST, added: true }), REQUEST);
  deepEqual(parseResponse({ jsonrpc: "2.0", id: 7, result: 1, added: true }, 7), 1);
  throws(() => parseRequest({ ...REQUEST, jsonrpc: "3.0" }), RequestError);
});
