/**
 * The command line that a guest's process shows: what Solo5's tender would be given, or the command's
 * own words, with files by their names alone.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind, type CommandLine } from "../../../tender/guest.ts";
import { compileImage } from "../../../tender/spt/compile.ts";
import { loadDeviceCompiler } from "../../../tender/spt/devices.ts";
import { encodeShown, tenderLine } from "../../../tender/spt/command_line.ts";
import { buildUnikernel } from "../../elftool/builder.ts";

const LINE: CommandLine = { program: ["soloden", "run"], options: [], file: "a.spt", args: [] };

function words(given: Partial<CommandLine>): string[] {
  const line = { ...LINE, ...given };
  const { bytes, file } = encodeShown(line);
  const all = new TextDecoder().decode(bytes).split("\0");
  equal(all.pop(), "");
  const before = new TextDecoder().decode(bytes.subarray(0, file)).split("\0").slice(0, -1);
  deepEqual(before, all.slice(0, line.program.length + line.options.length));
  return all;
}

/** A guest with a disk and a network. */
function guestWith(disk: ReturnType<typeof block.file>, service: ReturnType<typeof net.fd>) {
  const unikernel = parseUnikernel(buildUnikernel(), { name: "/srv/guests/made up.spt" });
  return bind(unikernel, {
    memory: "64 MiB",
    args: ["/a/path", "of  its", ""],
    devices: { disk0: disk, net0: service },
  });
}

const COMPILER = await loadDeviceCompiler();
const MAC = "02:00:00:00:00:07";

Deno.test("shown: what Solo5's tender would be given, device by device", () => {
  const shown = (...devices: Parameters<typeof guestWith>) => {
    const guest = guestWith(...devices);
    return words(tenderLine(guest, COMPILER.options(guest.devices)));
  };
  deepEqual(shown(block.file("/srv/a.img", { access: "ro" }), net.tap("tap0")), [
    "solo5-spt",
    "--mem=64",
    "--block:disk0=a.img,ro",
    "--block-sector-size:disk0=512",
    "--net:net0=tap0",
    "made up.spt",
    ...["/a/path", "of", "", "its", ""],
  ]);
  deepEqual(
    shown(block.file("b.img", { blockSize: 4096 }), net.fd(7, { mac: MAC })).slice(2, 6),
    [
      "--block:disk0=b.img",
      "--block-sector-size:disk0=4096",
      "--net:net0=@7",
      `--net-mac:net0=${MAC}`,
    ],
  );
});

const name = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."ab=-:,.é ") });
const path = fc.tuple(fc.boolean(), fc.array(name, { maxLength: 3 })).map(([absolute, names]) =>
  (absolute ? "/" : "") + names.map((name) => `${name}/`).join("")
);

Deno.test("property: files stand by their names, and arguments as they are", () => {
  fc.assert(
    fc.property(path, name, path, name, fc.array(path), (where, file, there, disk, args) => {
      const options = [`--block:storage=${where}${file},ro`, "--block:other", `${where}${file}`];
      const shown = words({ options, file: `${there}${disk}`, args });
      deepEqual(shown.slice(2), [
        `--block:storage=${file},ro`,
        "--block:other",
        // A relative path that begins as an option does could be one.
        shown[4],
        disk,
        ...args,
      ]);
      equal(shown[4]!.includes("/"), false);
    }),
  );
});

Deno.test("shown: words that there is no room for are refused in one line", () => {
  const guest = guestWith(block.file("b.img"), net.tap("tap0"));
  const bare = { ...guest, devices: [] };
  const options = Array.from({ length: 20 }, () => "x".repeat(0x1_0000));
  throws(() => compileImage(bare, undefined, { line: { ...LINE, options } }), {
    name: "TenderError",
    message: /^\/srv\/guests\/made up\.spt: its launch takes \d+ bytes, and there is room for \d+$/,
  });
});
