/**
 * `deno task bench`: every figure that the project keeps to, measured in one run; `--json` prints one
 * JSON object a line instead of the table. Its status is 1 if a limit is missed.
 *
 * @module
 */
import { adoptedPrograms } from "./adopted.ts";
import { confinement } from "./confinement.ts";
import { devices } from "./devices.ts";
import { footprint } from "./footprint.ts";
import { hypercallCost } from "./hypercall.ts";
import { languages } from "./languages.ts";
import { machines } from "./machines.ts";
import { netRing } from "./net_ring.ts";
import { pools } from "./pool.ts";
import { recordings } from "./record.ts";
import { goingBack } from "./reverse.ts";
import { formatTable, keepsLimit } from "./result.ts";
import { startUp } from "./start_up.ts";
import { tools } from "./tools.ts";
import { portableCost } from "./window.ts";

const directory = Deno.makeTempDirSync({ prefix: "soloden-bench-" });
try {
  const figures = [
    ...await footprint(directory),
    ...hypercallCost(),
    ...await portableCost(directory),
    ...await startUp(directory),
    ...await confinement(directory),
    ...await adoptedPrograms(directory),
    ...await devices(directory),
    ...await netRing(),
    ...await pools(directory),
    ...await machines(directory),
    ...await languages(directory),
    ...await recordings(),
    ...await goingBack(),
    ...await tools(directory),
  ];
  if (Deno.args.includes("--json")) {
    for (const figure of figures) {
      console.log(JSON.stringify({ ...figure, ok: keepsLimit(figure) }));
    }
  } else {
    console.log(formatTable(figures));
  }
  if (!figures.every(keepsLimit)) Deno.exitCode = 1;
} finally {
  Deno.removeSync(directory, { recursive: true });
}
