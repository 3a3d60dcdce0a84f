import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { closeDescriptor } from "../../linux/libc.ts";
import { duplicateOf } from "../../linux/other_process.ts";
import { CidRegistry, EPHEMERAL, type Lease, PERSISTENT, PORT } from "../../mcp/cid.ts";
import { McpError } from "../../mcp/error.ts";
import { inDirectory } from "../in_directory.ts";
import { ROOT } from "../soloden.ts";

const socket = (cid: number) => `/sockets/${cid}`;

Deno.test("AD1: the port is 5252 in both modes", () => equal(PORT, 5252));

Deno.test("AD2: ephemeral numbers are 200 to 299, persistent ones 100 to 199", () =>
  inDirectory((directory) => {
    deepEqual([EPHEMERAL, PERSISTENT], [[200, 299], [100, 199]]);
    const registry = new CidRegistry(directory);
    using one = registry.take("s.t");
    using other = registry.takePersistent("p", socket);
    ok(one.cid >= 200 && one.cid <= 299 && other.cid >= 100 && other.cid <= 199);
    deepEqual(registry.list().map(({ cid, name, pid }) => [cid, name, pid]), [
      [other.cid, "p", Deno.pid],
      [one.cid, "s.t", Deno.pid],
    ]);
  }));

Deno.test("AD3: live numbers are unique, the 101st is refused, and each comes back", () =>
  inDirectory((directory) => {
    // As two processes would.
    const registries = [new CidRegistry(directory), new CidRegistry(directory)];
    const leases: Lease[] = [];
    for (let i = 0; i < 100; i++) leases.push(registries[i % 2]!.take("s.t"));
    equal(new Set(leases.map(({ cid }) => cid)).size, 100);
    throws(
      () => registries[0]!.take("s.t"),
      (error) =>
        error instanceof McpError && error.code === "busy" && /^CID exh/.test(error.message),
    );
    leases[42]![Symbol.dispose]();
    using again = registries[1]!.take("s.t");
    equal(again.cid, leases[42]!.cid);
    for (const lease of leases.toSpliced(42, 1)) lease[Symbol.dispose]();
    equal(registries[0]!.list().length, 1);
  }));

Deno.test("AD3: a number comes back at once, though a program that is being started has its file", () =>
  inDirectory((directory) => {
    const registry = new CidRegistry(directory);
    const lease = registry.take("s.t");
    const fd = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name))
      .find((fd) => linkOf(fd) === `${directory}/${lease.cid}`)!;
    // As every descriptor is between a fork and what is then executed.
    const copy = duplicateOf(Deno.pid, fd);
    lease[Symbol.dispose]();
    deepEqual(registry.list(), []);
    closeDescriptor(copy);
  }));

/** Where a descriptor leads; undefined if it was closed meanwhile. */
function linkOf(fd: number): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

Deno.test("AD3: a process that is killed gives its numbers back", () =>
  inDirectory(async (directory) => {
    const program = `
      import { CidRegistry } from ${JSON.stringify(join(ROOT, "mcp/cid.ts"))};
      const registry = new CidRegistry(Deno.args[0]);
      const leases = [registry.take("a"), registry.take("b")];
      console.log(leases.length);
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--ext=ts", "-", directory],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(program));
    await writer.close();
    const reader = child.stdout.getReader();
    match(new TextDecoder().decode((await reader.read()).value), /^2/);
    const registry = new CidRegistry(directory);
    deepEqual(registry.list().map(({ name }) => name).sort(), ["a", "b"]);
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    deepEqual(registry.list(), []);
  }));

Deno.test("AD4: a persistent instance keeps its number, and no other gets it", () =>
  inDirectory((directory) => {
    const registry = new CidRegistry(directory);
    const numberOf = (name: string) => {
      using lease = registry.takePersistent(name, socket);
      return lease.cid;
    };
    const names = ["a", "b", "c"];
    const first = names.map(numberOf);
    equal(new Set(first).size, 3);
    deepEqual(names.toReversed().map(numberOf).toReversed(), first);
    using _ = registry.takePersistent("a", socket);
    throws(() => registry.takePersistent("a", socket), /a is running already/);
    equal(registry.list()[0]!.socket, `/sockets/${first[0]}`);
  }));

Deno.test("SE3: nothing of it is world-writable, and no other user's directory is used", () =>
  inDirectory((directory) => {
    const own = join(directory, "own");
    using lease = new CidRegistry(own).take("s.t");
    equal(Deno.statSync(own).mode! & 0o777, 0o700);
    equal(Deno.statSync(join(own, String(lease.cid))).mode! & 0o777, 0o600);
    const open = join(directory, "open");
    Deno.mkdirSync(open);
    Deno.chmodSync(open, 0o777);
    throws(() => new CidRegistry(open), /must be a directory that only you can write to/);
    Deno.symlinkSync(own, join(directory, "link"));
    throws(() => new CidRegistry(join(directory, "link")), /must be a directory/);
  }));
