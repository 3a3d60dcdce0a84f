/**
 * The manual page: made of the table as it is now, and such that man(1) has no complaint.
 */
import { equal, match, ok } from "node:assert/strict";
import { entriesOf } from "../../commands/table.ts";
import { routes } from "../../commands/application.ts";
import { currentManual, MANUAL } from "../../release/manual.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";

Deno.test("manual: it is of the table as it is", () => {
  const current = Deno.readTextFileSync(MANUAL) === currentManual();
  ok(current, "docs/soloden.1 is not current: deno run -A release/manual.ts");
});

testUnless(
  missingTool("man"),
  "manual: man reads it without a complaint, and every option is in it",
  async () => {
    const env = { MANWIDTH: "200", MAN_KEEP_FORMATTING: "", LC_ALL: "C.UTF-8" };
    const { status, stdout, stderr } = await execute("man", ["--warnings", "-l", MANUAL], { env });
    equal(stderr, "");
    equal(status, 0);
    match(stdout, /^SOLODEN\(1\)/);
    for (const { path, options } of entriesOf(routes)) {
      ok(stdout.includes(`soloden ${path.join(" ")}`), path.join(" "));
      for (const { form } of options) ok(stdout.includes(form), form);
    }
  },
);
