/**
 * The library imported from a server, and from the cache of what was fetched there.
 */
import { deepEqual, equal } from "node:assert/strict";
import { dirname, join } from "node:path";
import { execute, ROOT } from "./soloden.ts";

/** A program that has nothing but an address, and builds a unikernel and runs it. */
function program(origin: string): string {
  return `
    import { bind, build, parseUnikernel, run } from "${origin}/mod.ts";
    await build({ sources: [${JSON.stringify(join(ROOT, "tests/guests/exit_code.c"))}],
      output: "guest.spt" });
    const unikernel = parseUnikernel(Deno.readFileSync("guest.spt"), { name: "guest.spt" });
    const args = ["--solo5:quiet", "7"];
    console.log(JSON.stringify(await run(bind(unikernel, { memory: "32 MiB", args }))));`;
}

/** Answers with the checkout's files, as types that a server that knows nothing of them gives. */
function serve(asked: string[]): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    try {
      const type = pathname.endsWith(".ts") ? "application/typescript" : "text/plain";
      const body = await Deno.readFile(join(ROOT, pathname));
      return new Response(body, { headers: { "content-type": type } });
    } catch {
      return new Response(undefined, { status: 404 });
    }
  });
}

/** A cache that holds npm's packages, which come from elsewhere, and nothing of ours. */
async function makeCache(directory: string): Promise<string> {
  const { stdout } = await execute(Deno.execPath(), ["info", "--json"]);
  const { npmCache } = JSON.parse(stdout) as { npmCache: string };
  const cache = join(directory, "deno");
  Deno.mkdirSync(cache);
  Deno.symlinkSync(npmCache, join(cache, "npm"));
  return cache;
}

Deno.test("library: imported from a server it builds and runs a unikernel, and from the cache, too", async () => {
  const directory = Deno.makeTempDirSync();
  const asked: string[] = [];
  const server = serve(asked);
  try {
    const env = {
      DENO_DIR: await makeCache(directory),
      XDG_CACHE_HOME: join(directory, "cache"),
      NO_COLOR: "1",
    };
    Deno.writeTextFileSync(
      join(directory, "user.ts"),
      program(`http://127.0.0.1:${server.addr.port}`),
    );
    const deno = (command: string, ...flags: string[]) => {
      const args = [command, "--quiet", ...flags, "user.ts"];
      return execute(Deno.execPath(), args, { cwd: directory, env });
    };

    const cached = await deno("cache", "--allow-import");
    deepEqual([cached.status, cached.stderr], [0, ""]);
    // What follows has to do without the server.
    await server.shutdown();
    deepEqual(asked.filter((path) => path.endsWith("/solo5.lds")), ["/bindings/solo5.lds"]);
    const { status, stdout, stderr } = await deno("run", "-A", "--cached-only");
    equal(stderr, "");
    deepEqual([status, stdout], [0, `{"kind":"exit","status":7}\n`]);
  } finally {
    await server.shutdown();
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("library: every file of the guest side is imported, and so comes along from a server", () => {
  const room = join(ROOT, "bindings");
  const all = filesBelow(room);
  const imported = all.filter((path) => path.endsWith(".ts")).flatMap((path) =>
    Array.from(
      Deno.readTextFileSync(path).matchAll(/ from "([^"]+)" with \{ type: "text" \};$/gm),
      ([, name]) => join(dirname(path), name!),
    )
  );
  deepEqual(imported.sort(), all.filter((path) => !path.endsWith(".ts")).sort());
});

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = join(directory, name);
    return isDirectory ? filesBelow(path) : [path];
  });
}
