/** The images in packages and releases. */
import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { installedImages, listImages, releasedImages } from "../../release/images/built.ts";
import { inDirectory } from "../in_directory.ts";

function writeImages(directory: string): void {
  const record = { language: "some", size: 1, sha256: "0".repeat(64) };
  const images = Object.fromEntries(
    ["python", "javascript"].map((name) => [name, { ...record, file: `${name}.solo5.br` }]),
  );
  Deno.writeTextFileSync(join(directory, "images.json"), listImages(images));
  for (const name of ["python", "javascript"]) {
    Deno.writeTextFileSync(join(directory, `${name}.solo5.br`), "");
    Deno.writeTextFileSync(join(directory, `${name}-notices.txt`), "");
  }
  Deno.writeTextFileSync(join(directory, "python-relink.tar.xz"), "");
}

const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);

Deno.test("images: a package has what it wants, with the notices; a release has all", () =>
  inDirectory((directory) => {
    writeImages(directory);
    const [list, ...files] = installedImages(["javascript"], directory);
    deepEqual(names(files), ["javascript.solo5.br", "javascript-notices.txt"]);
    deepEqual(Object.keys(JSON.parse(list!.content as string).images), ["javascript"]);
    deepEqual(names(installedImages(["python", "javascript"], directory)).length, 5);
    deepEqual(names(releasedImages(directory)), [
      "images.json",
      "javascript-notices.txt",
      "javascript.solo5.br",
      "python-notices.txt",
      "python-relink.tar.xz",
      "python.solo5.br",
    ]);
  }));

Deno.test("images: those that are not there, or of another version, are left out", () =>
  inDirectory((directory) => {
    deepEqual(installedImages(["python"], directory), []);
    deepEqual(releasedImages(directory), []);
    writeImages(directory);
    deepEqual(installedImages(["ruby"], directory), []);
    const list = join(directory, "images.json");
    const other = { ...JSON.parse(Deno.readTextFileSync(list)), version: "0.0.1" };
    Deno.writeTextFileSync(list, JSON.stringify(other));
    deepEqual(installedImages(["python"], directory), []);
    deepEqual(releasedImages(directory), []);
  }));
