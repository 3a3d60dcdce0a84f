/**
 * A script as the server `s`.
 *
 * @module
 */
import { join } from "node:path";
import { scriptOpener } from "../../../commands/languages/tool.ts";
import type { ConfigSource } from "../../../mcp/config_schema.ts";
import { inDirectory } from "../../in_directory.ts";
import { openWorld, type World } from "../../mcp/world.ts";
import { BUILT_IMAGES } from "../languages/images.ts";

/** What the server is besides its image. */
type Server = NonNullable<ConfigSource["mcp_servers"]>[string];

/** Tools of a script, whose name says its language. */
export async function withScript(
  { name, source, ...server }: { name: string; source: string } & Server,
  use: (world: World) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const unikernel_image = join(Deno.realPathSync(directory), name);
    Deno.writeTextFileSync(unikernel_image, source);
    const mcp_servers = { s: { ...server, unikernel_image } };
    await using world = openWorld({ mcp_servers }, { openScript: scriptOpener(BUILT_IMAGES) });
    await use(world);
  });
}
