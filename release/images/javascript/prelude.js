/**
 * What scripts find besides the language: console, timers, process. Its value is a function that takes the
 * launcher's own functions and returns what the launcher calls.
 */
(function (host) {
  "use strict";

  // ---- What console.log writes ----

  const SEEN_DEPTH = 3;
  const LINE = 72;

  function quote(text) {
    return JSON.stringify(text);
  }

  function isName(key) {
    return /^[A-Za-z_$][\w$]*$/.test(key);
  }

  function describeError(error) {
    const head = `${error.name}${error.message === "" ? "" : `: ${error.message}`}`;
    const lines = typeof error.stack === "string" ? error.stack.trimEnd().split("\n") : [];
    const stack = lines.filter((line) => !line.includes("(prelude.js:")).join("\n");
    const cause = error.cause === undefined ? "" : `\nCaused by: ${describe(error.cause, [])}`;
    return `${head}${stack === "" ? "" : `\n${stack}`}${cause}`;
  }

  function describeFunction(value) {
    const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "Function";
    return value.name === "" ? `[${kind} (anonymous)]` : `[${kind}: ${value.name}]`;
  }

  /** Parts between brackets, in one line if they fit. */
  function enclose(parts, [open, close]) {
    if (parts.length === 0) return open + close;
    const line = `${open} ${parts.join(", ")} ${close}`;
    if (line.length <= LINE && !line.includes("\n")) return line;
    return `${open}\n${
      parts.map((part) => `  ${part.replaceAll("\n", "\n  ")}`).join(",\n")
    }\n${close}`;
  }

  function properties(value, above, skip) {
    return Reflect.ownKeys(value)
      .filter((key) => Object.getOwnPropertyDescriptor(value, key).enumerable && !skip(key))
      .map((key) => {
        const { get, set, value: held } = Object.getOwnPropertyDescriptor(value, key);
        const name = typeof key === "symbol" ? `[${String(key)}]` : isName(key) ? key : quote(key);
        const shown = get
          ? (set ? "[Getter/Setter]" : "[Getter]")
          : set
          ? "[Setter]"
          : describe(held, above);
        return `${name}: ${shown}`;
      });
  }

  function nameOf(value) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) return "[Object: null prototype]";
    const { constructor } = prototype;
    return typeof constructor === "function" ? constructor.name : "";
  }

  function items(value, above) {
    const MOST = 100;
    const parts = [];
    for (let at = 0; at < value.length && at < MOST; at++) {
      parts.push(at in value ? describe(value[at], above) : "<empty>");
    }
    if (value.length > MOST) parts.push(`... ${value.length - MOST} more`);
    return parts;
  }

  function describeObject(value, seen) {
    if (seen.includes(value)) return "[Circular]";
    const name = nameOf(value);
    if (seen.length >= SEEN_DEPTH) {
      return Array.isArray(value) ? "[Array]" : `[${name || "Object"}]`;
    }
    const above = [...seen, value];
    const isIndex = (key) => typeof key === "string" && /^\d+$/.test(key);
    const rest = properties(value, above, isIndex);
    const prefix = (usual, more = "") => name === usual && more === "" ? "" : `${name}${more} `;
    if (Array.isArray(value)) {
      const more = name === "Array" ? "" : `(${value.length})`;
      return prefix("Array", more) + enclose([...items(value, above), ...rest], "[]");
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return `${name}(${value.length}) ${enclose(items(value, above), "[]")}`;
    }
    if (value instanceof Map) {
      const parts = Array.from(
        value,
        ([key, held]) => `${describe(key, above)} => ${describe(held, above)}`,
      );
      return `${name}(${value.size}) ${enclose([...parts, ...rest], "{}")}`;
    }
    if (value instanceof Set) {
      const parts = Array.from(value, (held) => describe(held, above));
      return `${name}(${value.size}) ${enclose([...parts, ...rest], "{}")}`;
    }
    if (value instanceof Promise) return "Promise {}";
    const all = properties(value, above, () => false);
    return prefix("Object") + enclose(all, "{}");
  }

  /** A value as text; `seen` are the objects that it lies in. */
  function describe(value, seen) {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "bigint":
        return `${value}n`;
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "function":
        return describeFunction(value);
      case "object":
        break;
      default:
        return String(value);
    }
    if (value === null) return "null";
    if (value instanceof Error) return describeError(value);
    if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return String(value);
    return describeObject(value, seen);
  }

  function show(value) {
    return typeof value === "string" ? value : describe(value, []);
  }

  const FORMS = {
    s: (value) => typeof value === "object" ? describe(value, []) : String(value),
    d: (value) => String(Number(value)),
    i: (value) => String(parseInt(value)),
    f: (value) => String(parseFloat(value)),
    j: (value) => JSON.stringify(value),
    o: (value) => describe(value, []),
    O: (value) => describe(value, []),
    c: () => "",
  };

  /** What console.log prints for its arguments. */
  function format(values) {
    const [first, ...rest] = values;
    if (typeof first !== "string" || !first.includes("%")) return values.map(show).join(" ");
    const text = first.replace(
      /%([%sdifjoOc])/g,
      (all, form) => form === "%" ? "%" : rest.length === 0 ? all : FORMS[form](rest.shift()),
    );
    return [text, ...rest.map(show)].join(" ");
  }

  // ---- console ----

  let indent = "";
  const counts = new Map();
  const times = new Map();

  function print(file, values) {
    const text = format(values);
    host.write(file, `${indent}${indent === "" ? text : text.replaceAll("\n", `\n${indent}`)}\n`);
  }

  const log = (...values) => print(1, values);
  const error = (...values) => print(2, values);

  function define(name, value) {
    Object.defineProperty(globalThis, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }

  define("console", {
    log,
    info: log,
    debug: log,
    error,
    warn: error,
    trace: (...values) =>
      error(`Trace: ${format(values)}\n${describeError(new Error()).replace("Error\n", "")}`),
    dir: (value) => print(1, [describe(value, [])]),
    assert: (holds, ...values) => {
      if (!holds) error("Assertion failed" + (values.length === 0 ? "" : `: ${format(values)}`));
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    group: (...values) => {
      if (values.length > 0) log(...values);
      indent += "  ";
    },
    groupEnd: () => void (indent = indent.slice(2)),
    time: (label = "default") => void times.set(label, host.now()),
    timeEnd: (label = "default") => {
      if (times.has(label)) log(`${label}: ${(host.now() - times.get(label)).toFixed(3)}ms`);
      times.delete(label);
    },
  });

  // ---- Timers ----

  let lastTimer = 0;
  /** By their numbers: when they are due, how often, and what they call. */
  const timers = new Map();

  function addTimer(call, delay, values, repeated) {
    if (typeof call !== "function") throw new TypeError("a timer calls a function");
    const milliseconds = Math.max(1, Number(delay) || 0);
    timers.set(++lastTimer, {
      due: host.now() + milliseconds,
      every: repeated ? milliseconds : undefined,
      call: () => call(...values),
    });
    return lastTimer;
  }

  define("setTimeout", (call, delay, ...values) => addTimer(call, delay, values, false));
  define("setInterval", (call, delay, ...values) => addTimer(call, delay, values, true));
  define("clearTimeout", (number) => void timers.delete(number));
  define("clearInterval", (number) => void timers.delete(number));
  if (globalThis.queueMicrotask === undefined) {
    define("queueMicrotask", (call) => void Promise.resolve().then(call));
  }

  /** Calls one timer that is due; milliseconds to wait for the next, or -1 if there is none. */
  function turn() {
    let next;
    for (const [number, timer] of timers) {
      if (next === undefined || timer.due < next.timer.due) next = { number, timer };
    }
    if (next === undefined) return -1;
    const { number, timer } = next;
    const wait = timer.due - host.now();
    if (wait > 0) return wait;
    if (timer.every === undefined) timers.delete(number);
    else timer.due += timer.every;
    timer.call();
    return 0;
  }

  // ---- process ----

  /** @type {string[]} */
  const argv = ["javascript"];
  const env = {};
  const process = {
    argv,
    env,
    exitCode: undefined,
    exit: (status = process.exitCode ?? 0) => host.exit(status),
    stdout: { write: (text) => (host.write(1, String(text)), true) },
    stderr: { write: (text) => (host.write(2, String(text)), true) },
    cwd: () => "/",
    hrtime: { bigint: () => BigInt(Math.round(host.now() * 1e6)) },
    uptime: () => host.now() / 1000,
    platform: "linux",
    arch: "x64",
  };
  define("process", process);
  define("scriptArgs", argv);

  /** Reads a file as text: standard input by default. */
  define("readText", (path = "") => host.read(String(path)));

  function readEnvironment() {
    for (const name of Object.keys(env)) delete env[name];
    for (const variable of host.read("/proc/self/environ").split("\0")) {
      const equals = variable.indexOf("=");
      if (equals > 0) env[variable.slice(0, equals)] = variable.slice(equals + 1);
    }
  }

  // ---- Tools: what calls their functions takes these ----

  define("soloden", {
    /** A snapshot is taken here, and each start goes on from here. */
    ready() {
      host.ready();
      readEnvironment();
    },
    /** The next message of the caller; undefined at the end. */
    receive: () => host.receive(),
    send: (text) => host.send(String(text)),
  });

  // ---- UTF-8 ----

  define(
    "TextEncoder",
    class TextEncoder {
      get encoding() {
        return "utf-8";
      }
      encode(text = "") {
        const bytes = [];
        for (const character of String(text).toWellFormed()) {
          const code = character.codePointAt(0);
          if (code < 0x80) bytes.push(code);
          else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
          else if (code < 0x10000) {
            bytes.push(
              0xe0 | code >> 12,
              0x80 | code >> 6 & 63,
              0x80 | code & 63,
            );
          } else {
            bytes.push(
              0xf0 | code >> 18,
              0x80 | code >> 12 & 63,
              0x80 | code >> 6 & 63,
              0x80 | code & 63,
            );
          }
        }
        return Uint8Array.from(bytes);
      }
    },
  );

  // ---- What the launcher calls ----

  return {
    /** Takes the words of this start's command line; returns the script's path. */
    start(words) {
      argv.push(...words.slice(1));
      readEnvironment();
      return words[1];
    },
    turn,
    failed(reason) {
      host.write(2, `Uncaught ${reason instanceof Error ? describeError(reason) : show(reason)}\n`);
    },
    status: () => Number(process.exitCode ?? 0) || 0,
  };
});
