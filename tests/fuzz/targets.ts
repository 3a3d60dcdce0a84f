/**
 * The table of fuzz targets.
 *
 * @module
 */
import type { FuzzTarget } from "./target.ts";
import { adoptions, archives } from "./targets/adopted.ts";
import { code } from "./targets/code.ts";
import { elf, manifest, manifestSource, portable } from "./targets/files.ts";
import { hypercalls } from "./targets/hypercalls.ts";
import { lines } from "./targets/lines.ts";
import { packets } from "./targets/packets.ts";
import { programs } from "./targets/programs.ts";
import { recordings } from "./targets/recordings.ts";
import { suspended } from "./targets/suspended.ts";
import { configurations, frames, messages, schemas } from "./targets/tools.ts";
import { words } from "./targets/words.ts";

/** By name, in the order in which they are run. */
export const TARGETS: readonly FuzzTarget[] = [
  elf,
  portable,
  manifest,
  manifestSource,
  hypercalls,
  words,
  packets,
  lines,
  code,
  programs,
  adoptions,
  archives,
  recordings,
  suspended,
  frames,
  messages,
  configurations,
  schemas,
];
