// Answers the calls of tools: the exports of the module that the command line names.

const name = process.argv[2];
const path = `/packages/${name}.js`;

/** The names of a function's parameters, as its source has them. */
function parametersOf(fn) {
  const [, list = ""] = /^[^(]*\(([^)]*)\)/.exec(fn.toString()) ?? [];
  return list.split(",").map((word) => word.replace(/=.*/s, "").trim()).filter((word) => word);
}

const TYPES = {
  string: "string",
  number: "number",
  boolean: "boolean",
  integer: "integer",
  object: "object",
};

/** The JSON Schema of a type in JSDoc; what is not known is anything. */
function schemaOf(type) {
  const [, item] = /^(?:Array<(\w+)>|(\w+)\[\])$/.exec(type) ?? [];
  const of = item ?? /^(\w+)\[\]$/.exec(type)?.[1];
  if (of !== undefined) return { type: "array", items: schemaOf(of) };
  return TYPES[type] === undefined ? {} : { type: TYPES[type] };
}

/** A tool for each export with JSDoc. */
function describe(source) {
  const pattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export\s+(?:async\s+)?function\s+(\w+)\s*\(/g;
  const tools = [];
  for (const [, comment, name] of source.matchAll(pattern)) {
    const lines = comment.replaceAll(/\s@/g, "\n@").split("\n").map((line) =>
      line.replace(/^\s*\*? ?/, "").trim()
    );
    const properties = {};
    const required = [];
    for (const line of lines) {
      const [, type, bracket, parameter, about = ""] =
        /^@param\s+\{([^}]*)\}\s+(\[?)(\w+)[^\s]*\s*-?\s*(.*)$/.exec(line) ?? [];
      if (parameter === undefined) continue;
      properties[parameter] = { ...schemaOf(type), ...(about && { description: about }) };
      if (!bracket) required.push(parameter);
    }
    const description = lines.filter((line) => line && !line.startsWith("@")).join(" ");
    const inputSchema = { type: "object", properties, required, additionalProperties: false };
    tools.push({ name, description, inputSchema });
  }
  return { tools };
}

// ---- What the host does for a tool ----

const { ready, receive, send } = soloden;
let lastId = 0;

/** Has the host do something. Returns its reply. */
function ask(method, params) {
  send(JSON.stringify({ jsonrpc: "2.0", id: ++lastId, method, params }));
  const reply = receive();
  if (reply === undefined) process.exit(1);
  return JSON.parse(reply);
}

/** The headers of an answer. */
class Headers {
  #all;
  constructor(all) {
    this.#all = new Map(Object.entries(all));
  }
  get(name) {
    return this.#all.get(name.toLowerCase()) ?? null;
  }
  has(name) {
    return this.#all.has(name.toLowerCase());
  }
  [Symbol.iterator]() {
    return this.#all.entries();
  }
}

/** What a request was answered with. */
class Response {
  #answer;
  constructor(answer) {
    this.#answer = answer;
    this.url = answer.url;
    this.status = answer.status;
    this.ok = answer.status >= 200 && answer.status < 300;
    this.headers = new Headers(answer.headers);
  }
  bytes() {
    const { body, base64 } = this.#answer;
    return Promise.resolve(base64 ? Uint8Array.fromBase64(body) : new TextEncoder().encode(body));
  }
  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }
  text() {
    const { body, base64 } = this.#answer;
    if (!base64) return Promise.resolve(body);
    return Promise.reject(new TypeError("the body is not UTF-8: bytes() has it"));
  }
  async json() {
    return JSON.parse(await this.text());
  }
}

/** Makes a request, if the configuration of the tool allows it. */
function request(place, { method = "GET", headers = {}, body } = {}) {
  const entries = Array.isArray(headers) ? headers : Object.entries(headers);
  const params = { url: String(place), method, headers: Object.fromEntries(entries) };
  if (typeof body === "string") params.body = body;
  else if (body !== undefined) Object.assign(params, { body: body.toBase64(), base64: true });
  const reply = ask("fetch", params);
  if (reply.error !== undefined) throw new TypeError(reply.error.message);
  return new Response(reply.result);
}

const fetch = async (place, options) => await request(place, options);

/** Tells the client how far the call is. */
function progress(done, total, message) {
  const params = { progress: done, total, message };
  send(JSON.stringify({ jsonrpc: "2.0", method: "progress", params }));
}

globalThis.soloden = { fetch, progress };
globalThis.fetch = fetch;

// ---- Calls ----

async function answer({ method, params = {} }) {
  if (method === "rpc.describe") return { result: describe(readText(path)) };
  const module = await import(name);
  const fn = module[method];
  if (typeof fn !== "function") {
    return { error: { code: -32601, message: `no such tool: ${method}` } };
  }
  const args = parametersOf(fn).map((name) => params[name]);
  return { result: await fn(...args) ?? null };
}

async function respond(request) {
  const head = { jsonrpc: "2.0", id: request.id };
  try {
    send(JSON.stringify({ ...head, ...await answer(request) }));
  } catch (error) {
    console.error(error);
    send(JSON.stringify({ ...head, error: { code: -32603, message: String(error) } }));
  }
}

// Every call goes on from here.
ready();
for (let text; (text = receive()) !== undefined;) await respond(JSON.parse(text));
