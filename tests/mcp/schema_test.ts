import { equal, rejects, throws } from "node:assert/strict";
import { McpError } from "../../mcp/error.ts";
import { checkInputSchema, checkSchema, MAX_SCHEMA, printable } from "../../mcp/schema.ts";
import { Validator } from "../../mcp/validator.ts";

const refused = (rule: RegExp) => (error: unknown) =>
  error instanceof McpError && error.code === "validation" && rule.test(error.message);

Deno.test("schemas: small, local, and of an object", () => {
  checkInputSchema({ type: "object", properties: { a: { $ref: "#/$defs/a" } } }, "t");
  throws(() => checkInputSchema({ type: "string" }, "t"), refused(/not the type "object"/));
  throws(() => checkSchema([], "t"), refused(/not an object/));
  throws(() => checkSchema({ title: "x".repeat(MAX_SCHEMA) }, "t"), refused(/more than 65536/));
  for (const $ref of ["https://example.com/s", "file:///etc/passwd", "other.json#/a"]) {
    throws(() => checkSchema({ allOf: [{ $ref }] }, "t"), refused(/only local references/));
  }
  let deep = {};
  for (let i = 0; i < 1000; i++) deep = { not: deep };
  throws(() => checkSchema(deep, "t"), refused(/deeper than/));
});

Deno.test("schemas: descriptions are bounded, and hide nothing", () => {
  equal(printable("a\x1b[2Jb\u202ec\nd"), "a [2Jb c\nd");
  equal([...printable("x".repeat(5000))].length, 1024);
});

Deno.test("schemas: what a value breaks is said", async () => {
  using validator = new Validator();
  const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };
  await validator.check(schema, { n: 1 }, "arguments");
  await rejects(validator.check(schema, { n: "1" }, "arguments"), refused(/^arguments: .*integer/));
  await rejects(validator.check(schema, {}, "arguments"), refused(/required/));
});

Deno.test("schemas: one that computes for ever is stopped, and so is none", async () => {
  using validator = new Validator();
  const slow = { type: "object", properties: { s: { type: "string", pattern: "^(a+)+$" } } };
  await rejects(
    validator.check(slow, { s: `${"a".repeat(40)}b` }, "arguments"),
    refused(/takes more than 50 ms/),
  );
  await validator.check(slow, { s: "aaa" }, "arguments");
  await rejects(
    validator.check({ type: "object", $ref: "#/nowhere" }, {}, "arguments"),
    refused(/nowhere/),
  );
});
