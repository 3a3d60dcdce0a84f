/**
 * Tries what must protect this host, by doing what must not work: in six groups.
 *
 * @module
 */
import { inspect } from "../../mod.ts";
import { auditPath } from "../audit.ts";
import { CidRegistry, EPHEMERAL, PERSISTENT, PORT } from "../cid.ts";
import { checkConfig } from "../config.ts";
import { DEFAULT_TOOL } from "../config_schema.ts";
import { fetchFor } from "../fetch.ts";
import { encodeFrame, FrameReader, MAX_FRAME } from "../frame.ts";
import { MOUNTS_DEVICE, STDIN_DEVICE } from "../image.ts";
import { DESCRIBE, parseRequest } from "../json_rpc.ts";
import { checkMounts } from "../mount.ts";
import type { Places } from "../places.ts";
import { checkInputSchema } from "../schema.ts";
import type { Tools } from "../tools.ts";
import { type Check, must, mustFail } from "./check.ts";
import { live } from "./end_to_end.ts";

/** What is tried. */
export interface Tried {
  readonly tools: Tools;
  readonly places: Places;
  /** Servers whose programs are tried. */
  readonly servers: readonly string[];
}

/** A group of checks. */
export interface CheckGroup {
  readonly name: string;
  readonly checks: readonly Check[];
}

/** All groups that have something to try. */
export function securityChecks(tried: Tried): CheckGroup[] {
  const groups = [
    { name: "calls", checks: tried.servers.flatMap((server) => callChecks(tried, server)) },
    { name: "images", checks: tried.servers.flatMap((server) => imageChecks(tried, server)) },
    { name: "network", checks: [...networkChecks(tried), ...NO_PRIVATE_NETWORK] },
    { name: "addresses", checks: addressChecks(tried) },
    { name: "limits", checks: LIMITS },
    { name: "inputs", checks: inputChecks(tried) },
  ];
  return groups.filter(({ checks }) => checks.length > 0);
}

function callChecks({ tools, places }: Tried, server: string): Check[] {
  const describe = () => tools.call({ server, tool: DESCRIBE }, {});
  const goesOn = () => tools.spec(server, DESCRIBE).persistent !== undefined;
  return [
    {
      what: `${server}: calls at the same time run in different unikernels`,
      run: async () => {
        if (goesOn()) return "it is configured to go on between calls";
        const cids = (await Promise.all([describe(), describe()])).map(({ cid }) => cid);
        must(cids[0] !== cids[1], `both had CID ${cids[0]}`);
      },
    },
    {
      what: `${server}: a call that is given up is killed, and the next one is served`,
      run: async () => {
        const given = AbortSignal.abort();
        const call = () => tools.call({ server, tool: DESCRIBE }, {}, { signal: given });
        await mustFail(call, "it went on");
        await describe();
        if (!goesOn()) must(live(places, `${server}.`).length === 0, "a CID is still in use");
      },
    },
    {
      what: `${server}: a tool that it does not have is an error, and changes nothing`,
      run: async () => {
        await mustFail(() => tools.call({ server, tool: "no_such_tool" }, {}), "it was answered");
        await describe();
      },
    },
  ];
}

function imageChecks({ tools }: Tried, server: string): Check[] {
  const path = () => tools.spec(server, DESCRIBE).image;
  return [{
    what: `${server}: only its owner can change the image`,
    run: () => {
      const { mode, uid } = Deno.statSync(path());
      must((mode! & 0o022) === 0, `${path()}: others can write to it`);
      must(uid === Deno.uid() || uid === 0, `${path()}: belongs to user ${uid}`);
    },
  }];
}

function networkChecks({ tools, servers }: Tried): Check[] {
  return servers.map((server) => ({
    what: `${server}: has no network`,
    run: () => {
      const { image, config: { channel } } = tools.spec(server, DESCRIBE);
      if (/\.(py|js)$/.test(image)) return "a script has none";
      const found = inspect(Deno.readFileSync(image), { name: image });
      const known = [channel, STDIN_DEVICE, MOUNTS_DEVICE];
      const devices = found.kind === "unikernel" ? found.manifest?.devices ?? [] : [];
      const other = devices.find(({ name }) => !known.includes(name));
      must(other === undefined, `it has the device ${other?.name}`);
    },
  }));
}

const NO_PRIVATE_NETWORK: readonly Check[] = ["127.0.0.1", "169.254.169.254", "10.0.0.1"].map(
  (host) => ({
    what: `no request reaches ${host}, even if its origin is allowed`,
    run: () => {
      const url = `http://${host}:1/`;
      const rules = [{ origin: `http://${host}:1`, allow_private: false }];
      const signal = AbortSignal.timeout(5000);
      const fetching = { rules, signal, told: () => {}, variable: () => undefined };
      return mustFail(() => fetchFor({ url }, fetching), "it was made");
    },
  }),
);

function addressChecks({ places }: Tried): Check[] {
  const directory = `${places.runtime}/cids`;
  return [
    {
      what: `calls have CIDs ${EPHEMERAL.join(" to ")}, and port ${PORT}`,
      run: () => {
        using lease = new CidRegistry(directory).take("check");
        const { cid } = lease;
        must(cid >= EPHEMERAL[0] && cid <= EPHEMERAL[1], `there was ${cid}`);
        must(PERSISTENT[1] < EPHEMERAL[0], "the ranges overlap");
        must(PORT === 5252, `the port is ${PORT}`);
      },
    },
    {
      what: "only this user can use the CIDs and write to the audit log",
      run: () => {
        must((Deno.statSync(directory).mode! & 0o022) === 0, `others can write to ${directory}`);
        try {
          const log = Deno.lstatSync(auditPath(places.state));
          must((log.mode! & 0o077) === 0, "others can read the audit log");
        } catch (error) {
          if (error instanceof Deno.errors.NotFound) return "nothing was logged by now";
          throw error;
        }
      },
    },
  ];
}

const LIMITS: readonly Check[] = [
  {
    what: `a message has at most ${MAX_FRAME} bytes`,
    run: async () => {
      const head = new Uint8Array(4);
      new DataView(head.buffer).setUint32(0, MAX_FRAME + 1, true);
      await mustFail(() => new FrameReader().push(head), "a longer one is received");
      await mustFail(() => encodeFrame("x".repeat(MAX_FRAME)), "a longer one is sent");
    },
  },
  {
    what: "requests of another version are refused",
    run: () => {
      const request = { jsonrpc: "1.0", id: 1, server_id: "s", method: "t" };
      return mustFail(() => parseRequest(request), "one was accepted");
    },
  },
  {
    what: "a tool that is not configured has limits",
    run: () => {
      const { timeout_secs, memory_mb, max_output_bytes } = DEFAULT_TOOL;
      must(timeout_secs <= 60 && memory_mb <= 256, "they are too high");
      return `${timeout_secs} s, ${memory_mb} MiB, ${max_output_bytes} bytes of output`;
    },
  },
  {
    what: "a schema is small, and refers to nothing but itself",
    run: async () => {
      const far = { type: "object", $ref: "https://example.com/schema" };
      await mustFail(() => checkInputSchema(far, "it"), "it may refer to another server");
      const large = { type: "object", description: "x".repeat(1 << 17) };
      await mustFail(() => checkInputSchema(large, "it"), "it may have 128 KiB");
    },
  },
];

function inputChecks({ tools, places }: Tried): Check[] {
  const config = (source: unknown) => checkConfig(source, { name: "it" });
  const tool = (entry: object) => config({ mcp_servers: { s: { tools: { t: entry } } } });
  return [
    {
      what: "names that lead elsewhere are refused",
      run: async () => {
        const [server = "none"] = Object.keys(tools.config.mcp_servers);
        for (const name of ["../x", "a/b", "a b", "$(id)", ""]) {
          await mustFail(() => tools.spec(server, name), `a tool may be called '${name}'`);
          await mustFail(() => config({ mcp_servers: { [name]: {} } }), `a server, '${name}'`);
        }
      },
    },
    {
      what: "unknown modes and members of the configuration are refused",
      run: async () => {
        await mustFail(() => tool({ execution_mode: "process" }), "there is a mode 'process'");
        await mustFail(() => tool({ network: true }), "there is a member 'network'");
        await mustFail(() => tool({ network_enabled: true }), "a tool may have a network");
      },
    },
    {
      what: "only directories are mounted, and no links",
      run: async () => {
        const mount = (host_path: string) => () => checkMounts([{ host_path, readonly: true }]);
        await mustFail(mount("/proc/self/exe"), "a link is mounted");
        await mustFail(mount(`${places.home}/../${places.home}`), "a path with .. is mounted");
      },
    },
  ];
}
