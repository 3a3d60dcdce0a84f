/**
 * The C files of this room: sources, headers, the linker script. The one place that knows where they
 * are, so that a bundle, which has no checkout beside it, needs to replace nothing else.
 *
 * @module
 */
import { join } from "node:path";

const ROOTS = ["common", "hvt", "include", "solo5.lds", "spt", "stub"];

/** Every file by its name relative to this room, in a fixed order. */
export function readAssets(): Map<string, Uint8Array<ArrayBuffer>> {
  const assets = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const root of ROOTS) addAssets(assets, root);
  return assets;
}

function addAssets(assets: Map<string, Uint8Array<ArrayBuffer>>, name: string): void {
  const path = join(import.meta.dirname!, name);
  if (Deno.statSync(path).isFile) {
    assets.set(name, Deno.readFileSync(path));
    return;
  }
  const entries = Array.from(Deno.readDirSync(path), (entry) => entry.name).sort();
  for (const entry of entries) addAssets(assets, `${name}/${entry}`);
}
