/**
 * The configuration as a file, which people and commands change.
 *
 * @module
 */
import { writeOutput } from "../linux/output.ts";
import { systemReason } from "../linux/system_reason.ts";
import { checkConfig, parseConfig } from "./config.ts";
import type { Config, ConfigSource } from "./config_schema.ts";
import { McpError } from "./error.ts";

/**
 * Reads the configuration. Where there is no file, nothing is configured, and nothing is written.
 *
 * @param options `required`: whether there must be a file
 * @throws {McpError} "config" if it cannot be read, or breaks a rule
 */
export function loadConfig(
  path: string,
  { required = false }: { required?: boolean } = {},
): Config {
  const text = readText(path, required);
  return text === undefined ? checkConfig({}, { name: path }) : parseConfig(text, { name: path });
}

/**
 * Changes the configuration: the rest of the file stays as it is.
 *
 * @param change changes the value that it is given
 * @returns the configuration afterwards
 * @throws {McpError} "config" if it breaks a rule, before or afterwards; the file then stays as it was
 */
export function changeConfig(path: string, change: (source: ConfigSource) => void): Config {
  loadConfig(path);
  const source = JSON.parse(readText(path, false) ?? "{}") as ConfigSource;
  change(source);
  const config = checkConfig(source, { name: path });
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true, mode: 0o700 });
    const bytes = new TextEncoder().encode(`${JSON.stringify(source, null, 2)}\n`);
    writeOutput(path, bytes, { mode: 0o600 });
  } catch (error) {
    throw new McpError("config", `${path}: ${systemReason(error)}`);
  }
  return config;
}

function readText(path: string, required: boolean): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !required) return undefined;
    throw new McpError("config", `${path}: ${systemReason(error)}`);
  }
}
