/**
 * `soloden mcp install` and `soloden mcp schema`.
 *
 * @module
 */
import type { CommandContext } from "@stricli/core";
import { thisProgram } from "../../bindings/command.ts";
import { type Command, installInto } from "../../mcp/clients.ts";
import { attempt, type McpFlags, placesFor, print } from "./context.ts";

/** Has a client start this program as a server. */
export async function installClient(
  this: CommandContext,
  flags: McpFlags,
  client: string,
): Promise<void> {
  await attempt(this, flags, () => {
    const config = flags.config === undefined ? [] : ["--config", Deno.realPathSync(flags.config)];
    const { command, args } = ownCommand();
    const whole = { command, args: [...args, "mcp", "serve", "--stdio", ...config] };
    const path = installInto(client, whole, placesFor(flags));
    const text = `wrote ${path}; it starts: ${[whole.command, ...whole.args].join(" ")}\n`;
    print(this, flags, { value: { client, path, ...whole }, text });
  });
}

/** How this program is started: by itself, or as a script of the runtime. */
function ownCommand(): Command {
  const path = thisProgram();
  const isScript = /\.(js|ts)$/.test(path);
  return isScript
    ? { command: Deno.execPath(), args: ["run", "-A", path] }
    : { command: path, args: [] };
}

/** Prints the JSON Schema of the configuration. */
export async function printSchema(this: CommandContext): Promise<void> {
  const { configJsonSchema } = await import("../../mcp/json_schema.ts");
  this.process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
