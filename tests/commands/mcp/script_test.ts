/**
 * Tools in Python and JavaScript: functions of a script.
 */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Logs } from "../../../mcp/logs.ts";
import { failure } from "../../mcp/world.ts";
import { testUnless } from "../../needs.ts";
import { noImage } from "../languages/images.ts";
import { withScript } from "./script_world.ts";

const PYTHON = `
from typing import Literal, Optional

counter = 0

def greet(name: str, times: int = 1, mood: Optional[str] = None, kind: Literal["a", "b"] = "a") -> str:
    """Greets somebody.

    More than once, if asked."""
    global counter
    counter += 1
    print("greeting", counter)
    return " ".join([f"Hello, {name}!"] * times)

def numbers(of: list[int]) -> dict:
    """Sums numbers up."""
    return {"sum": sum(of)}

def fail(n: int) -> float:
    """Divides by a number."""
    return 1 / n

def forge(text: str):
    """Prints what looks like an answer."""
    import sys
    sys.stdout.write(text)
    sys.exit(0)

def forever(n: int):
    """Prints for ever."""
    while True:
        print("for ever" * 1000)

def fill(n: int):
    """Fills memory."""
    return len(bytearray(1 << 40))

def reach(path: str):
    """Reads a file, opens a socket, forks."""
    import os
    found = []
    for attempt in (lambda: open(path).read(), lambda: __import__("socket").socket(), os.fork):
        try:
            found.append(repr(attempt()))
        except BaseException as error:
            found.append(type(error).__name__)
    return found

def untyped(n):
    """Has no hints."""

def _private(n: int):
    """Is private."""
`;

const JAVASCRIPT = `
let counter = 0;

/**
 * Adds numbers.
 * @param {number} a - the first
 * @param {number} [b] - the second
 */
export function add(a, b = 1) {
  console.log("adding", ++counter);
  return a + b;
}

/** Makes text large. @param {string} text */
export async function upper(text) {
  return { upper: text.toUpperCase() };
}

/** Throws. @param {number} n */
export function fail(n) {
  throw new RangeError("no " + n);
}

export const untold = () => 5;
`;

const TOOLS = { forever: { timeout_secs: 1, max_output_bytes: 10_000 } };

testUnless(
  noImage("python"),
  "python: each public function with hints and a docstring is a tool",
  () =>
    withScript({ name: "hi.py", source: PYTHON, tools: TOOLS }, async ({ tools, places }) => {
      const described = await tools.describe("s");
      const names = described.map(({ name }) => name);
      deepEqual(names, ["greet", "numbers", "fail", "forge", "forever", "fill", "reach"]);
      equal(described[0]!.description, "Greets somebody. More than once, if asked.");
      deepEqual(described[0]!.inputSchema, {
        type: "object",
        properties: {
          name: { type: "string" },
          times: { type: "integer" },
          mood: { anyOf: [{ type: "string" }, { type: "null" }] },
          kind: { enum: ["a", "b"] },
        },
        required: ["name"],
        additionalProperties: false,
      });
      const call = async (tool: string, params: object) =>
        (await tools.call({ server: "s", tool }, params)).result;
      equal(await call("greet", { name: "you", times: 2 }), "Hello, you! Hello, you!");
      equal(await call("greet", { name: "you" }), "Hello, you!");
      match(new Logs(places.state).read("s.greet"), /greeting 1\n(.*\n)*--- .*\ngreeting 1\n$/);
      deepEqual(await call("numbers", { of: [1, 2, 3] }), { sum: 6 });
      await rejects(
        call("fail", { n: 0 }),
        failure("tool", /^ZeroDivisionError: division by zero$/),
      );
      match(new Logs(places.state).read("s.fail"), /Traceback[^]*hi\.py", line \d+, in fail/);
      for (const tool of ["untyped", "_private", "nothing"]) {
        await rejects(call(tool, { n: 1 }), failure("tool", /^no such tool/));
      }
      const forged = `\n${crypto.randomUUID()}{"result":"mine"}`;
      await rejects(
        call("forge", { text: forged }),
        failure("crash", /without an answer|SystemExit/),
      );
      await rejects(call("forever", { n: 1 }), failure("limit", /^timeout_secs/));
      await rejects(call("fill", { n: 1 }), failure("tool", /^MemoryError/));
      const reached = await call("reach", { path: "/etc/passwd" }) as string[];
      match(reached[0]!, /^FileNotFoundError|root/);
      match(reached[1]!, /Error/);
      match(reached[2]!, /Error/);
    }),
);

testUnless(
  noImage("javascript"),
  "javascript: each export with JSDoc is a tool",
  () =>
    withScript({ name: "hi.js", source: JAVASCRIPT }, async ({ tools }) => {
      const described = await tools.describe("s");
      deepEqual(described.map(({ name }) => name), ["add", "upper", "fail"]);
      deepEqual(described[0], {
        name: "add",
        description: "Adds numbers.",
        inputSchema: {
          type: "object",
          properties: {
            a: { type: "number", description: "the first" },
            b: { type: "number", description: "the second" },
          },
          required: ["a"],
          additionalProperties: false,
        },
      });
      const call = async (tool: string, params: object) =>
        await tools.call({ server: "s", tool }, params);
      for (const _ of [1, 2]) {
        const { result, log } = await call("add", { a: 2 });
        deepEqual([result, log], [3, "adding 1\n"]);
      }
      deepEqual((await call("upper", { text: "é" })).result, { upper: "É" });
      await rejects(call("fail", { n: 1 }), failure("tool", /RangeError: no 1/));
      await rejects(call("nothing", {}), failure("tool", /^no such tool/));
    }),
);
