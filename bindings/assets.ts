/**
 * The C files of this room: sources, headers, the linker script. The only module that
 * loads them, so that a bundle, which contains built bindings, replaces this module alone.
 *
 * @module
 */
import * as texts from "./asset_texts.ts";

/** Every file by its name relative to this room, in a fixed order. */
export function readAssets(): Map<string, Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new Map(Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)]));
}
