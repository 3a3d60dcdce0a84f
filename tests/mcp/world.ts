/**
 * Tools as the tests call them: places of their own, and the guest `call`.
 *
 * @module
 */
import { join } from "node:path";
import type { BuildTarget } from "../../bindings/targets.ts";
import { checkConfig } from "../../mcp/config.ts";
import type { ConfigSource } from "../../mcp/config_schema.ts";
import { McpError } from "../../mcp/error.ts";
import { findPlaces, type Places } from "../../mcp/places.ts";
import { Tools, type ToolsOptions } from "../../mcp/tools.ts";
import { guest } from "../guests.ts";

/** Tools with a directory of their own, which goes with them. */
export interface World extends AsyncDisposable {
  readonly tools: Tools;
  readonly places: Places;
}

/** The places below a directory. */
export function placesIn(directory: string): Places {
  return findPlaces((name) =>
    name === "XDG_RUNTIME_DIR" ? join(directory, "run") : {
      HOME: directory,
    }[name]
  );
}

/** What a tool of a {@linkcode ConfigSource} is. */
type ToolSource = NonNullable<NonNullable<ConfigSource["mcp_servers"]>[string]["tools"]>[string];

/** A server of a {@linkcode ConfigSource}. */
type ServerSource = NonNullable<ConfigSource["mcp_servers"]>[string];

/** The guest `call` as a server, each of whose tools has the same settings. */
export async function callServer(
  tools: readonly string[],
  { built = "spt", ...tool }: ToolSource & { built?: BuildTarget } = {},
): Promise<ServerSource> {
  const unikernel_image = await guest("call", built);
  // However slow the machine is.
  const entry = { memory_mb: 32, boot_timeout_secs: 600, ...tool };
  return { unikernel_image, tools: Object.fromEntries(tools.map((name) => [name, entry])) };
}

/** Makes a world. */
export function openWorld(source: ConfigSource, options: Partial<ToolsOptions> = {}): World {
  const directory = Deno.realPathSync(Deno.makeTempDirSync());
  const places = placesIn(directory);
  const tools = new Tools(checkConfig(source, { name: "test" }), { places, ...options });
  return {
    tools,
    places,
    [Symbol.asyncDispose]: async () => {
      await tools[Symbol.asyncDispose]();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** Whether an error has a code, and a message. */
export function failure(
  code: McpError["code"],
  message: RegExp = /./,
): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof McpError && error.code === code && message.test(error.message)) {
      return true;
    }
    throw error;
  };
}
