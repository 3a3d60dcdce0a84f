/**
 * The rules of the configuration, from which its JSON Schema is made, too. A member that is not here is
 * refused: one that nobody reads would look like a protection that is there.
 *
 * @module
 */
import * as v from "valibot";

/** Ways to execute a tool; the first one is taken where nothing is said. */
export const MODES = ["unikernel", "microvm", "direct"] as const;
/** Where a tool gets its arguments from. */
export const INPUTS = ["channel", "arguments", "stdin"] as const;
/** Calls that leave a recording. */
export const RECORDED = ["failures"] as const;
/** Targets that tools run on. */
export const TOOL_TARGETS = ["spt", "hvt"] as const;
/** Platforms of kraft, and the target that does for each. */
export const PLATFORMS = {
  kvm: "hvt",
  qemu: "hvt",
  fc: "hvt",
  firecracker: "hvt",
  linuxu: "spt",
} as const;
/** Names of servers, and of virtual machines: at most 64 characters. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** Names of tools. */
export const TOOL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const identifier = v.pipe(
  v.string(),
  v.regex(
    IDENTIFIER,
    "must be at most 64 letters, digits, - and _, and begin with a letter or digit",
  ),
);
const serverName = v.pipe(
  identifier,
  // What stands between a server and its tool in the names that clients see.
  v.check(
    (name) => !name.includes("__") && !name.endsWith("_"),
    "must not contain __ nor end with _",
  ),
);
const toolName = v.pipe(
  v.string(),
  v.regex(TOOL_NAME, "must be at most 64 letters, digits, ., - and _"),
);

const text = (description: string) => v.pipe(v.string(), v.description(description));
const flag = (description: string, value: boolean) =>
  v.optional(v.pipe(v.boolean(), v.description(description)), value);
const count = (description: string, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most), v.description(description));
const seconds = (description: string) =>
  v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400), v.description(description));
const schema = (description: string) =>
  v.pipe(v.record(v.string(), v.unknown()), v.description(description));

const oneCpu = v.pipe(
  v.number(),
  v.value(1, "must be 1: a unikernel has one CPU"),
  v.description("Virtual CPUs"),
);

const Mount = v.pipe(
  v.strictObject({
    host_path: text("A directory of this host"),
    guest_path: v.optional(text("Where the tool finds it: /data/NAME if not given")),
    vm_path: v.optional(text("The same as guest_path")),
    readonly: flag("If false, the tool may write to a copy that is dropped at its end", false),
  }),
  v.check(
    ({ guest_path, vm_path }) => guest_path === undefined || vm_path === undefined,
    "guest_path and vm_path are the same; give one",
  ),
);

/** A request that a tool may make. */
const Fetch = v.strictObject({
  origin: v.pipe(
    v.string(),
    v.regex(/^https?:\/\/[^/?#@]+$/, "must be like https://api.example.com"),
    v.description("Scheme, host and port of the requests"),
  ),
  paths: v.optional(v.pipe(
    v.array(v.pipe(v.string(), v.startsWith("/"))),
    v.description("What paths begin with; all if not given"),
  )),
  methods: v.optional(
    v.pipe(v.array(v.string()), v.description("Methods; GET and HEAD if not given")),
  ),
  allow_private: flag("Whether it may lead into a private network, or to this host", false),
  headers: v.optional(v.pipe(
    v.record(v.string(), v.union([v.string(), v.strictObject({ env: v.string() })])),
    v.description("Headers to add, which the tool never sees; { env: NAME } takes a variable"),
  )),
});

const Tool = v.strictObject({
  execution_mode: v.optional(
    v.pipe(v.picklist(MODES), v.description("unikernel, microvm (a virtual machine) or direct")),
  ),
  unikernel_image: v.optional(text("A file below unikernel_dir, or an absolute path")),
  memory_mb: v.optional(count("Memory in MiB", 65_536), 128),
  vcpus: v.optional(oneCpu, 1),
  timeout_secs: v.optional(seconds("Time for a call, once the tool runs"), 30),
  boot_timeout_secs: v.optional(seconds("Time until the tool takes its request"), 10),
  cpu_secs: v.optional(seconds("Processor time for a call; timeout_secs if not given")),
  max_output_bytes: v.optional(
    count("Most bytes that are kept of what it prints", 10_485_760),
    1_048_576,
  ),
  network_enabled: v.optional(
    v.pipe(
      v.boolean(),
      v.value(false, "must be false: tools have no network; `fetch` lists what one may reach"),
      v.description("Whether it has a network device: never"),
    ),
    false,
  ),
  mounts: v.optional(v.pipe(v.array(Mount), v.description("Directories that it sees")), []),
  env_vars: v.optional(
    v.pipe(v.record(v.string(), v.string()), v.description("Its environment")),
    {},
  ),
  kraft_config: v.optional(
    v.strictObject({
      runtime: v.optional(text("Not needed: its unikernels are Solo5's")),
      plat: v.optional(v.pipe(
        v.picklist(Object.keys(PLATFORMS) as (keyof typeof PLATFORMS)[]),
        v.description("linuxu is the target spt, the others are hvt"),
      )),
      arch: v.optional(v.pipe(
        v.picklist(["x86_64", "amd64", "aarch64", "arm64"]),
        v.description("This host's architecture"),
      )),
    }),
    {},
  ),
  enabled: flag("Whether it may be called", true),
  description: v.optional(text("What it does, for clients")),
  input_schema: v.optional(schema("JSON Schema of its arguments")),
  output_schema: v.optional(schema("JSON Schema of its results")),
  input: v.optional(
    v.pipe(v.picklist(INPUTS), v.description("How it gets its arguments; found out if not given")),
  ),
  channel: v.optional(text("Name of the network device that it is called by"), "call"),
  target: v.optional(v.pipe(v.picklist(TOOL_TARGETS), v.description("What it runs on"))),
  record: v.optional(
    v.pipe(v.picklist(RECORDED), v.description("Which calls leave a recording, to be replayed")),
  ),
  warm: flag("Whether it starts from where it had initialised", true),
  fetch: v.optional(v.pipe(v.array(Fetch), v.description("Requests that it may make; none")), []),
});

const Server = v.strictObject({
  enabled: flag("Whether its tools may be called", true),
  description: v.optional(text("What it is for")),
  unikernel_image: v.optional(text("The image of its tools that name none")),
  microvm_id: v.optional(v.pipe(identifier, v.description("Name of its virtual machine"))),
  persistent: flag("Whether one unikernel that goes on serves all its calls", false),
  stdio: flag(
    "Whether its program is an MCP server on standard input and output; it goes on",
    false,
  ),
  use_microvm: flag("The same in a virtual machine, with microvm_config and microvm_mounts", false),
  microvm_config: v.optional(
    v.strictObject({
      memory_mb: v.optional(count("Memory in MiB", 65_536), 256),
      vcpus: v.optional(oneCpu, 1),
    }),
    {},
  ),
  server_command: v.optional(
    v.pipe(
      v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1))]),
      v.description("Command line of its machine; in the mode direct, the program to execute"),
    ),
  ),
  microvm_mounts: v.optional(v.pipe(v.array(Mount), v.description("What its machine sees")), []),
  tools: v.optional(v.pipe(v.record(toolName, Tool), v.description("Its tools")), {}),
});

/** The configuration. */
export const ConfigSchema = v.strictObject({
  $schema: v.optional(text("Where these rules are, for editors")),
  default_execution_mode: v.optional(
    v.pipe(v.picklist(MODES), v.description("The mode of tools that name none")),
    MODES[0],
  ),
  unikernel_dir: v.optional(text("Where images lie that are named without a path")),
  max_instances: v.optional(count("Unikernels at once, of this process", 100), 100),
  max_queue: v.optional(count("Calls that wait for one of them", 100_000), 1000),
  queue_timeout_secs: v.optional(seconds("How long a call waits"), 30),
  mcp_servers: v.optional(v.pipe(v.record(serverName, Server), v.description("Servers")), {}),
});

/** The configuration with its defaults. */
export type Config = v.InferOutput<typeof ConfigSchema>;
/** What a file has to hold. */
export type ConfigSource = v.InferInput<typeof ConfigSchema>;
/** A server of the configuration. */
export type ServerConfig = v.InferOutput<typeof Server>;
/** A tool of the configuration. */
export type ToolConfig = v.InferOutput<typeof Tool>;
/** A directory that a tool sees. */
export type MountConfig = v.InferOutput<typeof Mount>;
/** A request that a tool may make. */
export type FetchConfig = v.InferOutput<typeof Fetch>;

/** A tool of which the configuration says nothing. */
export const DEFAULT_TOOL: ToolConfig = v.parse(Tool, {});
