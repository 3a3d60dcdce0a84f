// Runs one call of a tool: standard input has the request, and what follows the mark is the answer.

const request = JSON.parse(readText());

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

async function answer() {
  const module = await import(request.module);
  if (request.method === "rpc.describe") return { result: describe(request.source) };
  const fn = module[request.method];
  if (typeof fn !== "function") {
    return { error: { code: -32601, message: `no such tool: ${request.method}` } };
  }
  const args = parametersOf(fn).map((name) => request.params[name]);
  return { result: await fn(...args) ?? null };
}

let text;
try {
  text = JSON.stringify(await answer());
} catch (error) {
  console.error(error);
  text = JSON.stringify({ error: { code: -32603, message: String(error) } });
}
process.stdout.write(`\n${request.mark}${text}`);
