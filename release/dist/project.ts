/**
 * The project's name, version and changes, each read from the one file that states it.
 *
 * @module
 */
import description from "../../deno.json" with { type: "json" };
import { fromRoot } from "../paths.ts";

/** The description of the project in its packages. */
export interface Project {
  readonly version: string;
  /** When it was released: midnight, UTC. It is the date of every file in a release. */
  readonly date: Date;
  /** Lines of the changelog about this version, as Markdown, without the heading. */
  readonly changes: readonly string[];
}

/**
 * Reads the project's description.
 *
 * @throws {Error} if the changelog has no heading `## VERSION - YYYY-MM-DD` for this version
 */
export function readProject(): Project {
  return describe(description.version, Deno.readTextFileSync(fromRoot("CHANGELOG.md")));
}

/** Finds the section of a version in a changelog. */
export function describe(version: string, changelog: string): Project {
  const sections = changelog.split(/^## /m);
  const section = sections.find((section) => section.startsWith(`${version} `));
  const [, day] = /^\S+ - (\d{4}-\d\d-\d\d)\n/.exec(section ?? "") ?? [];
  if (section === undefined || day === undefined) {
    throw new Error(`CHANGELOG.md: expected a heading "## ${version} - YYYY-MM-DD"`);
  }
  const changes = section.split("\n").slice(1).filter((line) => line.trim() !== "");
  return { version, date: new Date(`${day}T00:00:00Z`), changes };
}
