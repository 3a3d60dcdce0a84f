import { deepEqual, equal, match, throws } from "node:assert/strict";
import { join } from "node:path";
import { parseConfig, resolveTool, warningsOf } from "../../mcp/config.ts";
import { McpError } from "../../mcp/error.ts";
import { configJsonSchema } from "../../mcp/json_schema.ts";
import { ROOT } from "../soloden.ts";

/** A configuration of the original system, which names none of our own members. */
const ORIGINAL = {
  default_execution_mode: "unikernel",
  mcp_servers: {
    weather: {
      tools: {
        forecast: {
          execution_mode: "unikernel",
          unikernel_image: "weather_tools",
          memory_mb: 192,
          vcpus: 1,
          timeout_secs: 12,
          network_enabled: false,
          mounts: [{ host_path: "/srv/maps", guest_path: "/maps", readonly: true }],
          env_vars: { UNITS: "metric" },
          kraft_config: { runtime: "unikraft", plat: "qemu", arch: "x86_64" },
        },
        stations: { execution_mode: "unikernel", unikernel_image: "weather_tools" },
      },
    },
  },
};

const HERE = { home: "/home/me", images: "/images", architecture: "x86_64" };
const read = (value: unknown) => parseConfig(JSON.stringify(value), { name: "c.json" });
const withTool = (tool: unknown, server: object = {}) =>
  read({ mcp_servers: { s: { ...server, tools: { t: tool } } } });
const resolve = (config: ReturnType<typeof read>, tool = "t") =>
  resolveTool(config, { server: "s", tool }, HERE);
const refused = (rule: RegExp, code = "config") => (error: unknown) =>
  error instanceof McpError && error.code === code && rule.test(error.message);

Deno.test("CF1: a configuration of the original system loads as it is", () => {
  const config = read(ORIGINAL);
  const given = ORIGINAL.mcp_servers.weather.tools.forecast;
  const spec = resolveTool(config, { server: "weather", tool: "forecast" }, HERE);
  deepEqual(
    [spec.mode, spec.image, spec.memory, spec.config.timeout_secs, spec.target],
    ["unikernel", "/images/weather_tools", 192, 12, "hvt"],
  );
  deepEqual([spec.mounts[0], spec.config.env_vars], [given.mounts[0], given.env_vars]);
  const other = resolveTool(config, { server: "weather", tool: "stations" }, HERE);
  deepEqual([other.memory, other.config.timeout_secs, other.target], [128, 30, undefined]);
});

Deno.test("CF1: an unknown mode is refused, and the valid ones are listed", () => {
  const rule = /^c.json: default_execution_mode: must be one of unikernel, microvm, direct/;
  throws(() => read({ default_execution_mode: "docker" }), refused(rule));
  throws(() => withTool({ execution_mode: "x" }), refused(/tools\.t\.execution_mode: must be one/));
});

Deno.test("CF1: what nobody reads is refused, not ignored", () => {
  throws(() => read({ timeout: 3 }), refused(/^c.json: timeout: there is no such member$/));
  throws(() => withTool({ timout_secs: 3 }), refused(/timout_secs: there is no such member/));
  throws(() => withTool({ network_enabled: true }), refused(/must be false/));
  throws(() => withTool({ vcpus: 2 }), refused(/must be 1: a unikernel has one CPU/));
  throws(() => resolve(withTool({ kraft_config: { arch: "arm64" } })), refused(/this host is/));
  throws(() => withTool({ kraft_config: { plat: "xen" } }), refused(/plat: must be one of/));
});

Deno.test("CF2: a file that is no configuration is an error", () => {
  for (const text of ["", "{", "[]", "null", "5"]) {
    throws(() => parseConfig(text, { name: "c.json" }), refused(/^c.json: /));
  }
});

Deno.test("CF3: what the tool says wins, then the default mode, then the defaults", () => {
  const config = read({
    default_execution_mode: "microvm",
    mcp_servers: { s: { tools: { t: { execution_mode: "unikernel", memory_mb: 64 } } } },
  });
  const [said, unsaid] = [resolve(config), resolve(config, "other")];
  deepEqual([said.mode, said.memory, said.target], ["unikernel", 64, undefined]);
  deepEqual([unsaid.mode, unsaid.memory, unsaid.target], ["microvm", 128, "hvt"]);
  equal(resolve(withTool({})).mode, "unikernel");
});

Deno.test("CF4: images are absolute, below ~, or below unikernel_dir; others are refused", () => {
  const image = (unikernel_image?: string, unikernel_dir?: string) =>
    resolve(read({ unikernel_dir, mcp_servers: { s: { tools: { t: { unikernel_image } } } } }))
      .image;
  equal(image("/a/b.spt"), "/a/b.spt");
  equal(image("~/b.spt"), "/home/me/b.spt");
  equal(image("b.spt", "~/dir"), "/home/me/dir/b.spt");
  equal(image("sub/b.spt"), "/images/sub/b.spt");
  equal(image(), "/images/s-t.img");
  for (const name of ["../b", "a/../../b", "", "a//b", "a/", ".."]) {
    throws(() => image(name), refused(/leads out of unikernel_dir/), name);
  }
  for (const [name, directory] of [["a\0"], ["/a\0"], ["a", "/b\0"]] as const) {
    throws(() => image(name, directory), refused(/NUL/));
  }
  throws(() => image("a", "b"), refused(/unikernel_dir: 'b' is no absolute path/));
});

Deno.test("CF5: the clock of the boot has a setting of its own", () => {
  equal(resolve(withTool({ boot_timeout_secs: 2.5 })).config.boot_timeout_secs, 2.5);
});

Deno.test("TO1: 30 seconds unless said otherwise; more than 60 is warned of", () => {
  equal(resolve(withTool({})).config.timeout_secs, 30);
  for (const timeout_secs of [0, -1, "3", 1e9]) {
    throws(() => withTool({ timeout_secs }), refused(/timeout_secs: must be/));
  }
  deepEqual(warningsOf(withTool({ timeout_secs: 60 })), []);
  match(warningsOf(withTool({ timeout_secs: 61 }))[0]!, /^s t: timeout_secs is 61/);
});

Deno.test("R1: 128 MiB unless said otherwise; more than 256 is warned of", () => {
  equal(resolve(withTool({})).memory, 128);
  deepEqual(warningsOf(withTool({ memory_mb: 256 })), []);
  match(warningsOf(withTool({ memory_mb: 257 }))[0]!, /^s t: memory_mb is 257/);
});

Deno.test("L8: an unknown or disabled server is refused, and so is a disabled tool", () => {
  const find = (config: ReturnType<typeof read>, server: string) =>
    resolveTool(config, { server, tool: "t" }, HERE);
  const config = withTool({ enabled: false });
  throws(() => find(config, "other"), refused(/^no server other; there are s$/, "unknown"));
  throws(() => find(config, "__proto__"), refused(/^no server/, "unknown"));
  throws(() => find(config, "s"), refused(/^the tool t of s is disabled$/, "unknown"));
  throws(
    () => find(withTool({}, { enabled: false }), "s"),
    refused(/^the server s is disabled$/, "unknown"),
  );
});

Deno.test("L8: a virtual machine of its own serves all tools of a server", () => {
  const spec = resolve(withTool({ memory_mb: 64 }, { use_microvm: true, microvm_id: "vm-1" }));
  deepEqual([spec.persistent, spec.memory, spec.target], [{ id: "vm-1" }, 256, "hvt"]);
  throws(
    () => resolve(withTool({ target: "spt", execution_mode: "microvm" })),
    refused(/do not agree on a target/),
  );
});

Deno.test("M1: mounts are warned of", () => {
  const warnings = warningsOf(withTool({ mounts: [{ host_path: "/d", vm_path: "/e" }] }));
  deepEqual(warnings, [
    "s t: the tool can read all of /d; what it writes there is dropped at its end",
  ]);
});

Deno.test("M3: names are at most 64 letters, digits, - and _", () => {
  const server = (name: string) => read({ mcp_servers: { [name]: {} } });
  server("a".repeat(64));
  for (const name of ["a".repeat(65), "-a", "a b", "../a", "a;b", "", "a__b", "a_"]) {
    throws(() => server(name), refused(/^c.json: mcp_servers/), name);
  }
  throws(
    () => read({ mcp_servers: { s: { tools: { "a b": {} } } } }),
    refused(/must be at most 64 letters/),
  );
});

Deno.test("CF1: the published JSON Schema is the one of the rules", () => {
  const published = Deno.readTextFileSync(join(ROOT, "docs/isolation_config.schema.json"));
  deepEqual(JSON.parse(published), configJsonSchema());
});

Deno.test("CF1: the configuration that the documentation shows loads", () => {
  const text = Deno.readTextFileSync(join(ROOT, "docs/tools.md"));
  const [, json] = /^```json[^\n]*\n(.*?)^```$/ms.exec(text)!;
  equal(parseConfig(json!, { name: "docs" }).mcp_servers.hi!.tools.greet!.memory_mb, 64);
});
