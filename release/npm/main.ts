/**
 * Task `package`: the npm package, `dist/soloden-VERSION.tgz`, with the image of JavaScript where it was built.
 *
 * @module
 */
import { dirname } from "node:path";
import { writeOutput } from "../../linux/output.ts";
import { npmPackage, PACKAGE_FILE, packageArchive } from "./package.ts";
import { installedImages } from "../images/built.ts";
import { fromRoot } from "../paths.ts";

const path = fromRoot(`dist/${PACKAGE_FILE}`);
const images = installedImages(["javascript"]);
if (images.length === 0) {
  console.warn("left out: the image of JavaScript, which deno task images makes");
}
const archive = packageArchive(
  new Map([
    ...await npmPackage(),
    ...images.map(({ name, content }) => [`images/${name}`, content] as const),
  ]),
);
Deno.mkdirSync(dirname(path), { recursive: true });
writeOutput(path, archive);
console.log(`dist/${PACKAGE_FILE}: ${archive.length} bytes`);
