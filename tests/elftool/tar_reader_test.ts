/** Archives are read as tar reads them. */
import { deepEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { readTar } from "../../elftool/tar_reader.ts";
import { inDirectory } from "../in_directory.ts";
import { missingTool, testUnless } from "../needs.ts";

const LONG = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;

for (const format of ["ustar", "pax", "gnu", "v7"]) {
  testUnless(
    missingTool("tar"),
    `tar: an archive in the format ${format} is read whole`,
    () =>
      inDirectory((directory) => {
        const root = join(directory, "root");
        const path = format === "pax" || format === "gnu" ? LONG : "d/f";
        Deno.mkdirSync(join(root, path, ".."), { recursive: true });
        Deno.writeTextFileSync(join(root, path), "content");
        Deno.chmodSync(join(root, path), 0o4751);
        Deno.utimeSync(join(root, path), 1000, 2000);
        Deno.linkSync(join(root, path), join(root, "hard"));
        Deno.symlinkSync("d/nowhere", join(root, "soft"));
        Deno.writeTextFileSync(join(root, "large"), "x".repeat(5000));
        const archive = join(directory, "archive");
        const order = ["--sort=name", `--format=${format}`, "--owner=7", "--group=8"];
        const { success } = new Deno.Command("tar", {
          args: [
            ...order,
            "-C",
            root,
            "-cf",
            archive,
            path.split("/")[0]!,
            "hard",
            "soft",
            "large",
          ],
        }).outputSync();
        deepEqual(success, true);
        const files = readTar(Deno.readFileSync(archive), { name: "archive" });
        const seen = files.filter(({ type }) => type !== "directory").map((file) => ({
          ...file,
          mtime: file.path === path ? file.mtime : 0,
          mode: file.type === "symlink" ? 0 : file.mode,
          content: file.content && new TextDecoder().decode(file.content).slice(0, 9),
        }));
        const owner = { uid: 7, gid: 8 };
        const plain = { mode: 0o644, mtime: 0, ...owner };
        deepEqual(seen, [
          { path, type: "file", content: "content", mode: 0o4751, mtime: 2000, ...owner },
          {
            path: "hard",
            type: "hardlink",
            target: path,
            content: undefined,
            ...plain,
            mode: 0o4751,
          },
          {
            path: "soft",
            type: "symlink",
            target: "d/nowhere",
            content: undefined,
            ...plain,
            mode: 0,
          },
          { path: "large", type: "file", content: "xxxxxxxxx", ...plain },
        ]);
        return Promise.resolve();
      }),
  );
}

/** A header of an archive, with its checksum. */
function header(fields: { name?: string; size?: string; type?: string }): Uint8Array {
  const { name = "a", size = "0", type = "0" } = fields;
  const block = new Uint8Array(512);
  const put = (text: string, at: number) => block.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put(size, 124);
  put(" ".repeat(8), 148);
  put(type, 156);
  put("ustar\0", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const WRONG: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  ["no archive", new Uint8Array(1024).fill(65), /^x: not a tar archive$/],
  ["an empty file", new Uint8Array(), /^x: not a tar archive$/],
  ["content that is cut off", header({ size: "100" }), /^x: the entry at 0: its content lies out/],
  ["a size that is no number", header({ size: "9z" }), /^x: the entry at 0: its content lies out/],
  [
    "a broken second header",
    Uint8Array.from([...header({}), ...new Uint8Array(512).fill(1)]),
    /^x: the entry at 512: its checksum is wrong$/,
  ],
  [
    "a broken record",
    Uint8Array.from([
      ...header({ type: "x", size: "5" }),
      ...new TextEncoder().encode("99 a=").values(),
      ...new Uint8Array(507),
    ]),
    /^x: the entry at 512: a record of its extended header is broken$/,
  ],
];

for (const [what, bytes, message] of WRONG) {
  Deno.test(`tar: ${what} is refused`, () => {
    throws(() => readTar(bytes, { name: "x" }), { code: "root", message });
  });
}
