/** What is added of a directory of packages. */
import { deepEqual, throws } from "node:assert/strict";
import { dirname, join } from "node:path";
import { readPackages } from "../../../commands/languages/packages.ts";
import { inDirectory } from "../../in_directory.ts";

/** The paths that files of a directory have in the unikernel. */
function pathsOf(names: readonly string[]): Promise<string[]> {
  return inDirectory((directory) => {
    for (const name of names) {
      Deno.mkdirSync(dirname(join(directory, name)), { recursive: true });
      Deno.writeTextFileSync(join(directory, name), "");
    }
    return readPackages(directory).map(({ path }) => path);
  });
}

Deno.test("packages: what other interpreters have kept for themselves is left out, whatever it is", async () => {
  const names = [
    "__pycache__/a.pyc",
    "one/__pycache__/fast.so",
    "one/__init__.py",
    "my__pycache__/b",
  ];
  deepEqual((await pathsOf([...names, "__pycache__.py"])).sort(), [
    "/packages/__pycache__.py",
    "/packages/my__pycache__",
    "/packages/my__pycache__/b",
    "/packages/one",
    "/packages/one/__init__.py",
  ]);
});

Deno.test("packages: a compiled extension is refused by its name", async () => {
  for (
    const name of ["a.so", "a.cpython-311-x86_64-linux-gnu.so", "b/a.so.1.2", "a.pyd", "a.node"]
  ) {
    await inDirectory((directory) => {
      Deno.mkdirSync(join(directory, "b"));
      Deno.writeTextFileSync(join(directory, name), "");
      const message = `${directory}/${name}: is a compiled extension, and an image has no loader ` +
        "for it; packages must be source code alone";
      throws(() => readPackages(directory), { name: "ElfError", code: "root", message });
    });
  }
  deepEqual(await pathsOf(["a.sol", "so"]), ["/packages/a.sol", "/packages/so"]);
});
