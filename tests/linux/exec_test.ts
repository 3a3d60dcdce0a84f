/**
 * Executables in memory: their bytes, and their names however long.
 */
import { deepEqual, match, throws } from "node:assert/strict";
import { memoryFile } from "../../linux/exec.ts";

Deno.test("exec: a file in memory holds what it is given, is not inherited, and goes when it is closed", () => {
  const content = Uint8Array.from({ length: 5000 }, (_, index) => index * 7);
  // The kernel takes at most 249 bytes of a name.
  for (const name of ["short", "n".repeat(300), "→".repeat(300)]) {
    const file = memoryFile(name, content);
    deepEqual(Deno.readFileSync(file.path), content);
    match(Deno.readTextFileSync(`/proc/self/fdinfo/${file.descriptor}`), /^flags:\t02\d{6}$/m);
    const { ino } = Deno.statSync(file.path);
    file.close();
    throws(() => {
      // Another thread's may have the number by now.
      if (Deno.statSync(file.path).ino !== ino) throw new Error("closed");
    });
  }
});
