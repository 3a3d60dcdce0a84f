import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { readTar } from "../../elftool/tar_reader.ts";
import type { MountConfig } from "../../mcp/config_schema.ts";
import { McpError } from "../../mcp/error.ts";
import { checkMounts, MAX_MOUNTED, readMounts } from "../../mcp/mount.ts";
import { writeTar } from "../../mcp/tar.ts";
import { inDirectory } from "../in_directory.ts";

const mount = (host_path: string, more: Partial<MountConfig> = {}): MountConfig => ({
  host_path,
  readonly: true,
  ...more,
});
const refused = (rule: RegExp) => (error: unknown) =>
  error instanceof McpError && error.code === "config" && rule.test(error.message);

Deno.test("M2: a host path is a directory, no link, canonical, and mounted once", () =>
  inDirectory((scratch) => {
    const directory = Deno.realPathSync(scratch);
    const own = join(directory, "own");
    Deno.mkdirSync(own);
    Deno.writeTextFileSync(join(directory, "file"), "");
    Deno.symlinkSync(own, join(directory, "link"));
    Deno.mkdirSync(join(own, "below"));
    deepEqual(checkMounts([mount(own)]), [{ host: own, guest: "/data/own", readonly: true }]);
    for (
      const [path, rule] of [
        [join(directory, "link"), /is a link/],
        [join(directory, "link/below"), /is really/],
        [`${own}/../own`, /is really/],
        [join(directory, "file"), /is not a directory/],
        [join(directory, "none"), /No such file/],
        ["own", /is really|No such file/],
      ] as const
    ) throws(() => checkMounts([mount(path)]), refused(rule), path);
    throws(() => checkMounts([mount(own), mount(`${own}/`)]), refused(/is mounted twice/));
  }));

Deno.test("M2: places are /data/NAME, -1, -2; a given one is absolute and its own", () =>
  inDirectory((scratch) => {
    const directory = Deno.realPathSync(scratch);
    const paths = ["a", "b", "c"].map((name) => join(directory, name, "same"));
    for (const path of paths) Deno.mkdirSync(path, { recursive: true });
    const places = checkMounts(paths.map((path) => mount(path))).map(({ guest }) => guest);
    deepEqual(places, ["/data/same", "/data/same-1", "/data/same-2"]);
    for (const guest_path of ["data", "/a/../b", "/./a", "/"]) {
      throws(() => checkMounts([mount(paths[0]!, { guest_path })]), refused(/absolute path/));
    }
    const twice = paths.slice(1).map((path) => mount(path, { vm_path: "/x" }));
    throws(() => checkMounts(twice), refused(/has two directories/));
  }));

Deno.test("M4: what a tool gets is a copy, without links, and read-only where it is to be", () =>
  inDirectory((scratch) => {
    const directory = join(Deno.realPathSync(scratch), "d");
    Deno.mkdirSync(join(directory, "sub"), { recursive: true });
    const long = `${"long-".repeat(30)}name`;
    Deno.writeTextFileSync(join(directory, "sub", long), "content");
    Deno.writeTextFileSync(join(directory, "empty"), "");
    Deno.symlinkSync("/etc/passwd", join(directory, "link"));
    const files = (readonly: boolean) => readMounts(checkMounts([mount(directory, { readonly })]));
    const paths = files(true).map(({ path }) => path).sort();
    deepEqual(paths, ["/data/d", "/data/d/empty", "/data/d/sub", `/data/d/sub/${long}`]);
    equal(files(true).some(({ mode }) => (mode & 0o222) !== 0), false);
    equal(files(false).every(({ mode }) => (mode & 0o200) !== 0), true);
    const read = readTar(writeTar(files(true)), { name: "mounts" });
    const slim = (all: typeof read) =>
      all.map(({ path, type, mode, mtime, content }) =>
        [path.replaceAll(/^\/|\/$/g, ""), type, mode, mtime, content?.length ?? 0].join()
      );
    deepEqual(slim(read), slim(files(true)));
    Deno.truncateSync(join(directory, "empty"), MAX_MOUNTED + 1);
    throws(() => files(true), (error) => error instanceof McpError && error.code === "limit");
  }));
