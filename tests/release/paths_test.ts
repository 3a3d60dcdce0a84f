/**
 * What counts as a path in a text.
 */
import { ok } from "node:assert/strict";
import { holdsPath } from "./paths.ts";

Deno.test("paths: a path is found where it is one", () => {
  for (const text of ['"/root"', "at /root/x.ts", "file:///root/x"]) {
    ok(holdsPath(text, "/root"), text);
  }
  for (const text of ['"./root_image.ts"', "/rooted", "a/root"]) {
    ok(!holdsPath(text, "/root"), text);
  }
  ok(!holdsPath("/a_b", "/a.b"));
});
