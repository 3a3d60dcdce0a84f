/**
 * The programs `solo5-virtio-run` and `solo5-virtio-mkimage`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { readShortOptions } from "../../commands/solo5/short_options.ts";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { missingTool, testUnless } from "../needs.ts";
import { netnsTest } from "../netns.ts";
import { execute, type Result, ROOT } from "../soloden.ts";
import { noQemu, runDisk } from "../tender/virtio/qemu_machine.ts";

function program(name: string, ...args: string[]): Promise<Result> {
  return execute(Deno.execPath(), wordsOf(name, args));
}

function wordsOf(name: string, args: readonly string[]): string[] {
  return ["run", "-A", "--no-check", join(ROOT, "main.ts"), `--called-as=${name}`, ...args];
}

const noBuild = Deno.build.arch === "x86_64" ? missingTool("cc") : "only on x86_64";

testUnless(
  noQemu,
  "solo5-virtio-mkimage: a raw image boots from its disk, with its arguments",
  () =>
    inDirectory(async (directory) => {
      const image = join(directory, "disk.img");
      const kernel = await guest("args", "virtio");
      const made = await program("solo5-virtio-mkimage", "--", image, kernel, "one", "two,  three");
      assert.deepEqual(made, { status: 0, stdout: "", stderr: "" });
      const { end, output } = await runDisk(image);
      assert.match(output, /\n\[one two, {2}three\]\nSUCCESS\n/);
      assert.deepEqual(end, { kind: "exit", status: 0 });
    }),
);

testUnless(
  noBuild ?? missingTool("tar"),
  "solo5-virtio-mkimage: an archive holds the same disk, with holes up to 1 GiB",
  () =>
    inDirectory(async (directory) => {
      const [raw, archive] = [join(directory, "disk.img"), join(directory, "disk.tar.gz")];
      const kernel = await guest("args", "virtio");
      for (const [format, image] of [["raw", raw], ["tar", archive]] as const) {
        const { status } = await program(
          "solo5-virtio-mkimage",
          "-f",
          format,
          image,
          kernel,
          "one",
        );
        assert.equal(status, 0);
      }
      const untarred = await execute("tar", ["-xzf", archive, "-C", directory]);
      assert.deepEqual(untarred, { status: 0, stdout: "", stderr: "" });
      const { size, blocks } = await Deno.stat(join(directory, "disk.raw"));
      assert.equal(size, 2 ** 30);
      assert.ok(blocks! * 512 < 2 ** 20, `${blocks} blocks`);
      const disk = await Deno.readFile(raw);
      using file = await Deno.open(join(directory, "disk.raw"));
      const start = new Uint8Array(disk.length);
      for (let at = 0; at < start.length;) at += (await file.read(start.subarray(at)))!;
      assert.deepEqual(start, disk);
    }),
);

testUnless(
  noBuild,
  "solo5-virtio-mkimage: what it cannot make an image of is told, and no file made",
  () =>
    inDirectory(async (directory) => {
      const image = join(directory, "disk.img");
      const hvt = await guest("args", "hvt");
      const virtio = await guest("args", "virtio");
      const refusals: [args: string[], said: RegExp][] = [
        [[], /^usage: solo5-virtio-mkimage /],
        [["-f", "qcow", image, virtio], /^usage: /],
        [
          [image, join(directory, "none")],
          /^solo5-virtio-mkimage: .*none: No such file or directory\n$/,
        ],
        [[image, hvt], /^solo5-virtio-mkimage: .*: is for hvt, not for virtio\n$/],
        [
          [image, virtio, "x".repeat(8192)],
          /^solo5-virtio-mkimage: .*: its arguments are longer than 8191 bytes\n$/,
        ],
      ];
      for (const [args, said] of refusals) {
        const { status, stdout, stderr } = await program("solo5-virtio-mkimage", ...args);
        assert.match(stderr, said);
        assert.deepEqual([status, stdout], [1, ""]);
      }
      assert.deepEqual(Array.from(Deno.readDirSync(directory)), []);
    }),
);

testUnless(
  noQemu,
  "solo5-virtio-run: becomes QEMU, whose status says that the unikernel ended",
  async () => {
    const kernel = await guest("args", "virtio");
    const args = ["-H", "qemu", "-m32", "--", kernel, "one", "two,  three"];
    const { status, stdout, stderr } = await program("solo5-virtio-run", ...args);
    assert.equal(status, 83);
    // A terminal's line ends: nobody watches the guest's status.
    assert.match(stdout, /\r\n\[one two, {2}three\]\r\nSUCCESS\r\n/);
    assert.match(stderr, /^\+ qemu-system-x86_64 .* -kernel \S+ -append 'one two, {2}three'\n$/);
    const quiet = await program("solo5-virtio-run", "-q", ...args);
    assert.deepEqual([quiet.status, quiet.stderr], [83, ""]);
  },
);

Deno.test("solo5-virtio-run: what cannot be run is told", async () => {
  const refusals: [args: string[], said: RegExp][] = [
    [[], /^usage: solo5-virtio-run /],
    [["-x", "file"], /^usage: /],
    [["-m"], /^usage: /],
    [["/nonexistent"], /^solo5-virtio-run: error: not found: \/nonexistent\n$/],
    [
      ["-d", "/nonexistent", "/etc/passwd"],
      /^solo5-virtio-run: error: not found: \/nonexistent\n$/,
    ],
    [["-n", "no/such", "/etc/passwd"], /error: no such network interface: no\/such\n$/],
    [["-m", "0", "/etc/passwd"], /error: not a size in MiB: 0\n$/],
    [["-H", "bhyve", "/etc/passwd"], /error: Unknown hypervisor: bhyve\n$/],
  ];
  for (const [args, said] of refusals) {
    const { status, stdout, stderr } = await program("solo5-virtio-run", ...args);
    assert.match(stderr, said);
    assert.deepEqual([status, stdout], [1, ""]);
  }
});

netnsTest("solo5-virtio-run: an interface is one of this network namespace", async (net) => {
  net.addTap("tap7");
  const words = wordsOf("solo5-virtio-run", ["-n", "tap7:9000", "-n", "tap", "/etc/passwd"]);
  // Unlike `ip netns exec`, this leaves /sys as it is.
  const inside = [`--net=/run/netns/${net.name}`, Deno.execPath(), ...words];
  const { stderr } = await execute("nsenter", inside);
  assert.equal(stderr, "solo5-virtio-run: error: no such network interface: tap\n");
});

Deno.test("short options are read as they were written, apart, together or attached", () => {
  const value = fc.stringMatching(/^[a-z0-9/]{1,8}$/);
  const option = fc.oneof(
    fc.constantFrom("q", "v").map((letter) => [letter, ""] as const),
    fc.tuple(fc.constantFrom("d", "m"), value),
  );
  const operands = fc.array(fc.oneof(value, fc.constant("-q"), fc.constant("")), { maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(option),
      operands,
      fc.infiniteStream(fc.boolean()),
      (options, operands, apart) => {
        const words: string[] = [];
        let open = false;
        for (const [letter, value] of options) {
          if (open && apart.next().value) words[words.length - 1] += letter;
          else words.push(`-${letter}`);
          open = value === "";
          if (value === "") continue;
          if (apart.next().value) words.push(value);
          else words[words.length - 1] += value;
        }
        const read = readShortOptions([...words, "--", ...operands], "qvd:m:");
        assert.deepEqual(read, {
          options: options.map(([letter, value]) => [letter, value]),
          operands,
        });
      },
    ),
  );
  for (const words of [["-x"], ["-:"], ["-qx"], ["-d"], ["-qd"]]) {
    assert.equal(readShortOptions(words, "qvd:m:"), undefined);
  }
  assert.deepEqual(readShortOptions(["-", "-q"], "q"), { options: [], operands: ["-", "-q"] });
});
