/**
 * Task `package`: the npm package, `dist/soloden-VERSION.tgz`.
 *
 * @module
 */
import { dirname } from "node:path";
import { writeOutput } from "../../linux/output.ts";
import { npmPackage, PACKAGE_FILE, packageArchive } from "./package.ts";
import { fromRoot } from "../paths.ts";

const path = fromRoot(`dist/${PACKAGE_FILE}`);
const archive = packageArchive(await npmPackage());
Deno.mkdirSync(dirname(path), { recursive: true });
writeOutput(path, archive);
console.log(`dist/${PACKAGE_FILE}: ${archive.length} bytes`);
