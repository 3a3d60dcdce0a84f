/**
 * Writes `docs/soloden.1`, the manual page: `deno run -A release/manual.ts`.
 *
 * @module
 */
import { manualPage } from "../commands/manual.ts";
import { routes } from "../commands/application.ts";
import project from "../deno.json" with { type: "json" };
import { writeOutput } from "../linux/output.ts";
import { fromRoot } from "./paths.ts";

/** Where the page is. */
export const MANUAL: string = fromRoot("docs/soloden.1");

/** The page as it should be. */
export function currentManual(): string {
  return manualPage(routes, project);
}

if (import.meta.main) {
  Deno.mkdirSync(fromRoot("docs"), { recursive: true });
  writeOutput(MANUAL, new TextEncoder().encode(currentManual()));
}
