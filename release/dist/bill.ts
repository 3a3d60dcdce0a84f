/**
 * The bill of materials of an executable, in CycloneDX: which other projects' work it contains.
 *
 * @module
 */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { Package, PackageDescription } from "../bundled_packages.ts";
import type { Project } from "./project.ts";
import type { Runtime } from "./runtimes.ts";

/** What an executable is made of. */
export interface Materials {
  readonly project: Project;
  readonly runtime: Runtime;
  readonly packages: readonly Package[];
  readonly executable: Uint8Array<ArrayBuffer>;
}

/**
 * Writes the bill.
 *
 * @returns JSON, the same for the same materials
 */
export async function billOfMaterials(materials: Materials): Promise<string> {
  const { project, runtime, packages, executable } = materials;
  const bom = new Models.Bom();
  const soloden = component(Enums.ComponentType.Application, {
    name: "soloden",
    version: project.version,
    license: "MIT",
  });
  soloden.hashes.set(Enums.HashAlgorithm["SHA-256"], await sha256(executable));
  bom.metadata.component = soloden;
  bom.metadata.timestamp = project.date;
  const platform = component(Enums.ComponentType.Platform, {
    name: runtime.package,
    version: runtime.version,
    license: "MIT",
    author: "the Deno authors",
  });
  platform.hashes.set(Enums.HashAlgorithm["SHA-256"], await sha256(runtime.bytes));
  const libraries = packages.map(({ description }) =>
    component(Enums.ComponentType.Library, description)
  );
  for (const part of [platform, ...libraries]) {
    bom.components.add(part);
    soloden.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6),
  );
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function component(
  type: Enums.ComponentType,
  { name, version, license, author }: PackageDescription,
): Models.Component {
  const [own, group] = name.split("/").reverse();
  const url = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const made = new Models.Component(type, own!, { bomRef: url, group, version, purl: url, author });
  made.licenses.add(new Models.SpdxLicense(license));
  return made;
}

/** A digest, in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
