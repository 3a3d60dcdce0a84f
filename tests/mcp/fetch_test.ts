import { deepEqual, equal, match, ok } from "node:assert/strict";
import { isPublic } from "../../mcp/address.ts";
import { readAudit } from "../../mcp/audit.ts";
import { MAX_BODY } from "../../mcp/fetch.ts";
import { callServer, openWorld } from "./world.ts";

/** A server of this host, and the requests that it got. */
function listen() {
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    requests.push(`${method} ${pathname}${search} ${headers.get("authorization")}`);
    if (pathname === "/v1/away") return Response.redirect(`http://localhost:1/v1/`);
    if (pathname === "/v1/round") return Response.redirect(new URL("/v1/round", url));
    if (pathname === "/v1/on") return Response.redirect(new URL("/v1/there", url));
    if (pathname === "/v1/bytes") return new Response(Uint8Array.of(0xff, 0));
    if (pathname === "/v1/large") return new Response(new Uint8Array(MAX_BODY + 1));
    return new Response(`you asked for ${pathname}`);
  });
  const origin = `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  return { origin, requests, server };
}

/** What the tool was answered. */
interface Reply {
  readonly result?: { readonly status: number; readonly body: string; readonly base64: boolean };
  readonly error?: { readonly message: string; readonly data: { readonly code: string } };
}

Deno.test("fetch: what is allowed is done by the host, which adds secrets; the rest is denied", async () => {
  const { origin, requests, server } = listen();
  await using _ = { [Symbol.asyncDispose]: () => server.shutdown() };
  const rule = { origin, paths: ["/v1"], headers: { Authorization: "Bearer secret" } };
  const allowed = await callServer(["fetch"], { fetch: [{ ...rule, allow_private: true }] });
  const strict = await callServer(["fetch"], { fetch: [rule] });
  const bare = await callServer(["fetch"]);
  await using world = openWorld({ mcp_servers: { allowed, strict, bare } });
  const ask = async (params: object, server = "allowed") =>
    (await world.tools.call({ server, tool: "fetch" }, params)).result as Reply;
  const denied = async (params: object, server?: string) => {
    const { error } = await ask(params, server);
    return error?.data.code;
  };

  const { result } = await ask({ url: `${origin}/v1/a?b=c`, headers: { authorization: "mine" } });
  deepEqual([result?.status, result?.body, result?.base64], [200, "you asked for /v1/a", false]);
  equal((await ask({ url: `${origin}/v1/on` })).result?.body, "you asked for /v1/there");
  deepEqual((await ask({ url: `${origin}/v1/bytes` })).result?.body, "/wA=");
  deepEqual(requests, [
    "GET /v1/a?b=c Bearer secret",
    "GET /v1/on Bearer secret",
    "GET /v1/there Bearer secret",
    "GET /v1/bytes Bearer secret",
  ]);
  requests.length = 0;

  for (
    const params of [
      { url: `${origin}/v10` },
      { url: `${origin}/other` },
      { url: `${origin}/v1/../other` },
      { url: `${origin}/v1/%2e%2e/other` },
      { url: `${origin}/v1`, method: "POST" },
      { url: origin.replace("127.0.0.1", "localhost") + "/v1" },
      { url: origin.replace("//", "//user@") + "/v1" },
      { url: "file:///etc/passwd" },
      { url: "no url" },
    ]
  ) equal(await denied(params), "denied", JSON.stringify(params));
  equal(await denied({ url: `${origin}/v1` }, "strict"), "denied");
  equal(await denied({ url: `${origin}/v1` }, "bare"), "denied");
  equal(await denied({ url: origin, more: 1 }), "validation");
  deepEqual(requests, []);
  equal(await denied({ url: `${origin}/v1/away` }), "denied");
  equal(await denied({ url: `${origin}/v1/round` }), "limit");
  equal(await denied({ url: `${origin}/v1/large` }), "limit");

  const told = [...readAudit(world.places.state)].filter((record) => record.event === "fetch");
  ok(told.length > 15 && told.every(({ url }) => url !== ""));
  match(JSON.stringify(told[0]), /"method":"GET","url":"http:.*"status":200/);
  ok(!JSON.stringify(told).includes("secret"));
});

Deno.test("fetch: addresses that are private, of this host, or of this link are not public", () => {
  const isPublicNow = (all: string) => all.split(" ").map(isPublic);
  const none = "127.0.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 " +
    "100.64.0.1 224.0.0.1 255.255.255.255 198.18.0.1 ::1 :: fe80::1 fc00::1 fd12::1 ff02::1 " +
    "::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 2001:db8::1 2002:7f00:1:: localhost 1.2.3";
  deepEqual(new Set(isPublicNow(none)), new Set([false]));
  const all = "8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 192.0.1.1 2606:4700::1 2a00:1450::1";
  deepEqual(new Set(isPublicNow(all)), new Set([true]));
});
