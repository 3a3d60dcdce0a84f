/**
 * Tries servers from end to end: the configuration, the image, and a real call.
 *
 * @module
 */
import { CidRegistry, EPHEMERAL, PERSISTENT } from "../cid.ts";
import { readDescription } from "../description.ts";
import { DESCRIBE } from "../json_rpc.ts";
import type { Places } from "../places.ts";
import type { Tools } from "../tools.ts";
import { type Check, must } from "./check.ts";

/** The checks of a server. */
export function serverChecks(
  tools: Tools,
  { server, places }: { server: string; places: Places },
): Check[] {
  const spec = () => tools.spec(server, DESCRIBE);
  return [
    { what: `${server}: the configuration names an image`, run: () => spec().image },
    {
      what: `${server}: the image is a file`,
      run: () => {
        const { size, isFile } = Deno.statSync(spec().image);
        must(isFile, `${spec().image} is none`);
        return `${size} bytes`;
      },
    },
    {
      what: `${server}: its program answers in a unikernel`,
      run: async () => {
        const { result, target, cid } = await tools.call({ server, tool: DESCRIBE }, {});
        const [first, last] = spec().persistent === undefined ? EPHEMERAL : PERSISTENT;
        must(cid! >= first && cid! <= last, `CID ${cid} is not one of ${first} to ${last}`);
        const names = readDescription(result, server).map(({ name }) => name);
        return `${names.join(", ")} (${target}, CID ${cid})`;
      },
    },
    {
      what: `${server}: nothing is left of it`,
      run: () => {
        if (spec().persistent !== undefined) return "it goes on between calls";
        const left = live(places, `${server}.`);
        must(left.length === 0, `CIDs in use: ${left.join(", ")}`);
      },
    },
  ];
}

/** The check of what there is without any server. */
export function builtInChecks(tools: Tools): Check[] {
  return [{
    what: "no server is configured: a program in Python runs in a unikernel",
    run: async () => {
      const { result, target } = await tools.runProgram("python", { code: "print(6 * 7)" });
      must(result === "42\n", `it printed ${result}`);
      return target;
    },
  }];
}

/** Numbers that this process uses for calls whose names begin so. */
export function live({ runtime }: Places, name: string): number[] {
  return new CidRegistry(`${runtime}/cids`).list()
    .filter((instance) => instance.pid === Deno.pid && instance.name.startsWith(name))
    .map(({ cid }) => cid);
}
