/**
 * From Node.js alone to one's own tool in a client, with the packed npm file: without a compiler, root or a
 * network.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { installedImages } from "../../../release/images/built.ts";
import { npmPackage, PACKAGE_FILE, packageArchive } from "../../../release/npm/package.ts";
import { noImage } from "../../commands/languages/images.ts";
import { inDirectory } from "../../in_directory.ts";
import { missingTool, stepUnless, testUnless } from "../../needs.ts";
import { execute } from "../../soloden.ts";
import { notDownloaded, offline } from "./install.ts";

const platform = Deno.build.os === "linux" && Deno.build.arch === "x86_64"
  ? undefined
  : "only Linux on x86_64";

testUnless(
  platform ?? missingTool("npm") ?? noImage("python") ?? noImage("javascript"),
  "npm package: a tool in Python and one in JavaScript, from npx to a client",
  async (test) => {
    await stepUnless(await notDownloaded(), test, {
      name: "without a network",
      fn: () => inDirectory(toolsWithNpx),
    });
  },
);

async function toolsWithNpx(directory: string): Promise<void> {
  const images = installedImages(["python", "javascript"]);
  const files = new Map([
    ...await npmPackage(),
    ...images.map(({ name, content }) => [`images/${name}`, content] as const),
  ]);
  Deno.writeFileSync(join(directory, PACKAGE_FILE), packageArchive(files));
  Deno.writeTextFileSync(join(directory, "package.json"), "{}");
  const home = Deno.realPathSync(directory);
  const env = { HOME: home, XDG_RUNTIME_DIR: join(home, "run"), XDG_CACHE_HOME: join(home, "c") };
  const installed = await offline(directory, "npm", ["install", `./${PACKAGE_FILE}`]);
  equal(installed.status, 0, installed.stderr);
  // To start npx takes as long as all that follows: the first command alone is started by it.
  const program = join(directory, "node_modules/.bin/soloden");
  const first = await offline(directory, "npx", ["soloden", "--version"], env);
  deepEqual([first.status, first.stderr], [0, ""]);
  const run = async (...args: string[]) => {
    const { status, stdout, stderr } = await execute(program, args, { cwd: directory, env });
    equal(status, 0, stderr);
    return stdout;
  };
  for (const [language, name] of [["python", "hi"], ["js", "ho"]] as const) {
    await run("new", "--tool", `--lang=${language}`, name);
    equal(await run("mcp", "add", `./${name}`), `added ${name}: greet\n`);
  }
  match(await run("mcp", "install", "cursor"), /^wrote .*\.cursor\/mcp\.json; it starts: /);

  // As the client does it.
  const { mcpServers } = JSON.parse(Deno.readTextFileSync(join(home, ".cursor/mcp.json")));
  const { command, args } = mcpServers.soloden;
  const transport = new StdioClientTransport({ command, args, env, stderr: "ignore" });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    deepEqual(tools.map(({ name }) => name), ["hi__greet", "ho__greet"]);
    for (const { name } of tools) {
      const greeting = await client.callTool({ name, arguments: { name: "you", times: 2 } });
      deepEqual(greeting.content, [{ type: "text", text: "Hello, you! Hello, you!" }]);
    }
  } finally {
    await client.close();
  }
}
