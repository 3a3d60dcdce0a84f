/**
 * Files that commands write: permissions, links, what is no regular file, and failures. A process of
 * its own writes each, because the umask and the user are a process's.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { keepInputs, writeOutput } from "../../linux/output.ts";
import { notRoot, testUnless } from "../needs.ts";
import { execute, type Result, ROOT } from "../soloden.ts";

const NOBODY = 4242;

/** A program that writes a file, and a directory of its own that all users can enter. */
class Writer implements Disposable {
  readonly directory = Deno.makeTempDirSync();

  constructor() {
    Deno.chmodSync(this.directory, 0o755);
    const output = `file://${join(ROOT, "linux/output.ts")}`;
    // It becomes the other user when it has started, who may not be able to read it.
    const program = `import { writeOutput } from ${JSON.stringify(output)};
      const [path, mode, umask, uid] = Deno.args;
      if (umask) Deno.umask(Number(umask));
      if (uid) {
        const { symbols: c } = Deno.dlopen("libc.so.6", {
          setgroups: { parameters: ["usize", "pointer"], result: "i32" },
          setgid: { parameters: ["u32"], result: "i32" },
          setuid: { parameters: ["u32"], result: "i32" },
        });
        if (c.setgroups(0n, null) + c.setgid(Number(uid)) + c.setuid(Number(uid)) !== 0) Deno.exit(9);
      }
      const longest = Deno.env.get("LONGEST");
      const limit = ["--pid", \`\${Deno.pid}\`, \`--fsize=\${longest}\`];
      if (longest) new Deno.Command("prlimit", { args: limit }).outputSync();
      const content = "new".padEnd(Number(Deno.env.get("SIZE")), " ");
      const options = mode ? { mode: Number(mode) } : {};
      try { writeOutput(path, new TextEncoder().encode(content), options); }
      catch (error) { console.error(error.message); Deno.exit(1); }`;
    this.file("write.ts", program, 0o644);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Makes a file with these very permissions. */
  file(name: string, content: string, mode: number): string {
    const path = this.path(name);
    Deno.writeTextFileSync(path, content, { mode });
    return path;
  }

  /** Makes a directory with these very permissions. */
  folder(name: string, mode: number): string {
    const path = this.path(name);
    Deno.mkdirSync(path);
    Deno.chmodSync(path, mode);
    return path;
  }

  /** Runs a script of the shell, whose command `write` it is: the descriptors are the shell's to open. */
  shell(script: string, ...args: string[]): Promise<Result> {
    const command = `write() { ${this.#command().join(" ")} "$@"; }; ${script}`;
    return execute("bash", ["-c", command, "sh", ...args], { cwd: this.directory });
  }

  write(
    path: string,
    { mode, umask = 0o022, uid }: { mode?: number; umask?: number; uid?: number } = {},
  ): Promise<Result> {
    const [program, ...args] = this.#command();
    const words = [path, `${mode ?? ""}`, `${umask}`, `${uid ?? ""}`];
    return execute(program!, [...args, ...words], { cwd: this.directory });
  }

  #command(): string[] {
    return [Deno.execPath(), "run", "-A", "--quiet", "--no-config", this.path("write.ts")];
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

const WRITTEN: Result = { status: 0, stdout: "", stderr: "" };

function modeOf(path: string): string {
  return (Deno.statSync(path).mode! & 0o7777).toString(8);
}

function owned(path: string, owner: string): void {
  const { success } = new Deno.Command("chown", { args: ["-h", owner, path] }).outputSync();
  equal(success, true);
}

Deno.test("output: a new file has its mode less the umask", async () => {
  using writer = new Writer();
  const cases = [[undefined, 0o022, "644"], [undefined, 0o077, "600"], [0o777, 0o027, "750"]];
  for (const [mode, umask, expected] of cases as [number | undefined, number, string][]) {
    const path = writer.path(`out-${expected}`);
    deepEqual(await writer.write(path, { mode, umask }), WRITTEN);
    equal(modeOf(path), expected);
  }
});

Deno.test("output: a file that is there keeps its permissions, but not the right to run as its owner", async () => {
  using writer = new Writer();
  for (const [mode, expected] of [[0o600, "600"], [0o666, "666"], [0o6755, "755"]] as const) {
    const path = writer.file(`old-${expected}`, "old", 0o644);
    Deno.chmodSync(path, mode);
    deepEqual(await writer.write(path, { mode: 0o777, umask: 0o077 }), WRITTEN);
    deepEqual([Deno.readTextFileSync(path), modeOf(path)], ["new", expected]);
  }
});

/** An access list: the owner may do all, user 4343 may read and write, and nobody else anything. */
const LIST = accessList([[1, 6], [2, 6, 4343], [4, 0], [0x10, 6], [0x20, 0]]);

/** A list as Linux has it: version 2, then the tag, the permissions and the number of each entry. */
function accessList(entries: [tag: number, permissions: number, id?: number][]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  bytes.setUint32(0, 2, true);
  entries.forEach(([tag, permissions, id = 0xffff_ffff], index) => {
    bytes.setUint16(4 + 8 * index, tag, true);
    bytes.setUint16(6 + 8 * index, permissions, true);
    bytes.setUint32(8 + 8 * index, id, true);
  });
  return new Uint8Array(bytes.buffer);
}

const { symbols: attributes } = Deno.dlopen("libc.so.6", {
  getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
});

const terminated = (text: string) => new TextEncoder().encode(`${text}\0`);
const KINDS = { access: "system.posix_acl_access", default: "system.posix_acl_default" } as const;

function setList(path: string, kind: keyof typeof KINDS): boolean {
  const list = new Uint8Array(LIST);
  const size = BigInt(list.length);
  return attributes.setxattr(terminated(path), terminated(KINDS[kind]), list, size, 0) === 0;
}

/** A file's access list; undefined where it has none. */
function listOf(path: string): Uint8Array | undefined {
  const list = new Uint8Array(256);
  const size = attributes.getxattr(terminated(path), terminated(KINDS.access), list, 256n);
  return size > 0 ? list.subarray(0, Number(size)) : undefined;
}

/** Why no file can have an access list here; undefined if one can. */
function noLists(): string | undefined {
  const file = Deno.makeTempFileSync();
  const able = setList(file, "access");
  Deno.removeSync(file);
  return able ? undefined : "the file system has no access lists";
}

Deno.test("output: what is to replace a file is for its owner alone until it does", async () => {
  using writer = new Writer();
  const path = writer.file("out", "old", 0o640);
  // A limit on the size of files ends the process in the middle.
  const { status } = await writer.shell("ulimit -c 0; LONGEST=4096 SIZE=12000 write out '' 0");
  equal(status, 128 + 25);
  equal(Deno.readTextFileSync(path), "old");
  const left = [...Deno.readDirSync(writer.directory)].filter(({ name }) =>
    name.startsWith(".soloden.")
  );
  deepEqual(left.map(({ name }) => modeOf(writer.path(name))), ["600"]);
});

testUnless(
  noLists(),
  "output: a file that is there keeps its access list, and gets none from its directory",
  async () => {
    using writer = new Writer();
    const listed = writer.file("listed", "old", 0o600);
    equal(setList(listed, "access"), true);
    const before = modeOf(listed);
    deepEqual(await writer.write(listed), WRITTEN);
    deepEqual([Deno.readTextFileSync(listed), modeOf(listed)], ["new", before]);
    deepEqual(listOf(listed), LIST);
    writer.folder("shared", 0o755);
    const plain = writer.file("shared/plain", "old", 0o640);
    equal(setList(writer.path("shared"), "default"), true);
    deepEqual(await writer.write(plain), WRITTEN);
    deepEqual([Deno.readTextFileSync(plain), modeOf(plain), listOf(plain)], [
      "new",
      "640",
      undefined,
    ]);
  },
);

testUnless(
  notRoot,
  "output: a file of another user stays the other's when root writes it",
  async () => {
    using writer = new Writer();
    const path = writer.file("theirs", "old", 0o640);
    owned(path, `${NOBODY}:4343`);
    deepEqual(await writer.write(path), WRITTEN);
    const { uid, gid } = Deno.statSync(path);
    deepEqual([Deno.readTextFileSync(path), uid, gid, modeOf(path)], ["new", NOBODY, 4343, "640"]);
  },
);

testUnless(
  notRoot,
  "output: a group that cannot be kept gives no rights to another group",
  async () => {
    using writer = new Writer();
    const directory = writer.folder("shared", 0o777);
    const path = writer.file("shared/file", "old", 0o664);
    owned(path, "0:4343");
    deepEqual(await writer.write(path, { uid: NOBODY }), WRITTEN);
    const { uid, gid } = Deno.statSync(path);
    deepEqual([uid, gid === 4343, modeOf(path)], [NOBODY, false, "644"]);
    deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["file"]);
  },
);

Deno.test("output: links of one's own are followed, also where they lead to nothing yet", async () => {
  using writer = new Writer();
  const sticky = writer.folder("sticky", 0o1777);
  writer.folder("real", 0o755);
  Deno.symlinkSync("../real", join(sticky, "folder"));
  Deno.symlinkSync("folder/./target", join(sticky, "link"));
  deepEqual(await writer.write(join(sticky, "link")), WRITTEN);
  deepEqual(await writer.write(join(sticky, "link"), { umask: 0 }), WRITTEN);
  equal(Deno.readTextFileSync(writer.path("real/target")), "new");
  equal(modeOf(writer.path("real/target")), "644");
  equal(Deno.lstatSync(join(sticky, "link")).isSymlink, true);
  deepEqual(await writer.write("sticky//folder/relative"), WRITTEN);
  equal(Deno.readTextFileSync(writer.path("real/relative")), "new");
});

Deno.test("output: a loop of links and a directory are told in one line", async () => {
  using writer = new Writer();
  Deno.symlinkSync("loop", writer.path("loop"));
  // One more than Linux follows: it could be written, and not be read again by that path.
  for (let at = 0; at <= 40; at++) Deno.symlinkSync(`link${at + 1}`, writer.path(`link${at}`));
  writer.folder("folder", 0o755);
  for (
    const [path, reason] of [
      ["loop", "Too many levels of symbolic links"],
      ["link0", "Too many levels of symbolic links"],
      ["folder", "Is a directory"],
      ["folder/", "Is a directory"],
      ["folder/..", "Is a directory"],
      [".", "Is a directory"],
      ["none/", "No such file or directory"],
      ["none/file", "No such file or directory"],
      ["write.ts/file", "Not a directory"],
      ["", "No such file or directory"],
    ] as const
  ) {
    deepEqual(await writer.write(path), {
      status: 1,
      stdout: "",
      stderr: `${path}: ${reason}\n`,
    });
  }
});

testUnless(notRoot, "output: what another user left in a sticky directory is refused", async () => {
  using writer = new Writer();
  const victim = writer.file("victim", "old", 0o600);
  const sticky = writer.folder("sticky", 0o1777);
  writer.folder("inside", 0o755);
  Deno.symlinkSync(victim, join(sticky, "link"));
  Deno.symlinkSync("../none", join(sticky, "dangling"));
  Deno.symlinkSync("../inside", join(sticky, "folder"));
  Deno.writeTextFileSync(join(sticky, "file"), "theirs");
  equal((await execute("mkfifo", [join(sticky, "pipe")])).status, 0);
  for (const name of ["link", "dangling", "folder", "file", "pipe"]) {
    const planted = join(sticky, name);
    owned(planted, `${NOBODY}`);
    const path = name === "folder" ? join(planted, "out") : planted;
    deepEqual(await writer.write(path), {
      status: 1,
      stdout: "",
      stderr: `${path}: '${planted}' is another user's, left where everyone may leave files\n`,
    });
  }
  equal(Deno.readTextFileSync(victim), "old");
  equal(Deno.readTextFileSync(join(sticky, "file")), "theirs");
  deepEqual([...Deno.readDirSync(writer.path("inside"))], []);
  // The same for an ordinary user, but what the directory's owner left is trusted.
  for (const [owner, status] of [["4343", 1], ["0", 0]] as const) {
    owned(join(sticky, "folder"), owner);
    Deno.chmodSync(writer.path("inside"), 0o777);
    const path = join(sticky, "folder", "out");
    equal((await writer.write(path, { uid: NOBODY })).status, status);
  }
});

Deno.test("output: what is no regular file is written in place, also where it is a descriptor", async () => {
  using writer = new Writer();
  equal((await execute("mkfifo", [writer.path("pipe")])).status, 0);
  equal((await writer.shell("cat pipe & write pipe; wait")).stdout, "new");
  equal(Deno.lstatSync(writer.path("pipe")).isFifo, true);
  const streams = Deno.lstatSync("/dev/stdout").isSymlink ? ["/dev/stdout", "/dev/fd/1"] : [];
  for (const path of [...streams, "/proc/self/fd/1", "-"]) {
    equal((await writer.shell('write "$1" | cat', path)).stdout, "new", path);
    equal(
      (await writer.shell('(echo a; write "$1"; echo b) > file; cat file', path)).stdout,
      "a\nnewb\n",
      path,
    );
  }
  equal((await writer.shell("write /proc/self/fd/2")).stderr, "new");
  equal((await writer.shell("write /proc/self/fd/7 7> >(cat); wait $!")).stdout, "new");
  equal(
    (await writer.shell("echo longer > file; write /proc/self/fd/7 7>> file; cat file")).stdout,
    "new",
  );
  const others = 'sleep 60 > file & write "/proc/$!/fd/1" > own; kill $!; cat file';
  equal((await writer.shell(others)).stdout, "new");
  deepEqual(await writer.shell("write /proc/self/fd/99"), {
    status: 1,
    stdout: "",
    stderr: "/proc/self/fd/99: No such file or directory\n",
  });
  equal((await writer.write("/dev/full")).stderr, "/dev/full: No space left on device\n");
});

testUnless(notRoot, "output: a device keeps its node", async () => {
  using writer = new Writer();
  const node = writer.path("null");
  equal((await execute("mknod", [node, "c", "1", "3"])).status, 0);
  deepEqual(await writer.write(node), WRITTEN);
  equal(Deno.lstatSync(node).isCharDevice, true);
});

testUnless(
  notRoot,
  "output: without the right to write there, or the space, the old file stays and nothing else",
  async () => {
    using writer = new Writer();
    const directory = writer.folder("closed", 0o755);
    const path = writer.file("closed/out", "old", 0o666);
    deepEqual(await writer.write(path, { uid: NOBODY }), {
      status: 1,
      stdout: "",
      stderr: `${path}: Permission denied\n`,
    });
    equal(Deno.readTextFileSync(path), "old");
    deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["out"]);
    // There is room for a part of the new file.
    const full = await execute("unshare", ["-m", "sh", "-c", FULL, "sh", writer.path("full")], {
      env: { WRITE: `${Deno.execPath()} run -A --no-config ${writer.path("write.ts")}` },
    });
    deepEqual(full, {
      status: 0,
      stdout: "status 1\nout\nold",
      stderr: "out: No space left on device\n",
    });
  },
);

const FULL = `mkdir "$1" && mount -t tmpfs -o size=12k none "$1" && cd "$1" || exit 9
  printf old > out
  SIZE=12000 $WRITE out; echo "status $?"
  ls -A; cat out`;

Deno.test("output: a failure to rename leaves no temporary file", () => {
  using writer = new Writer();
  const directory = writer.folder("names", 0o755);
  const long = join(directory, "x".repeat(256));
  throws(() => writeOutput(long, new Uint8Array(1)), { message: `${long}: File name too long` });
  // A name as long as a name can be is no reason to fail.
  writeOutput(join(directory, "y".repeat(255)), new Uint8Array(1));
  deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["y".repeat(255)]);
});

Deno.test("output: none of its inputs is overwritten, by whatever name", () => {
  using writer = new Writer();
  const input = writer.file("input", "old", 0o644);
  Deno.symlinkSync("input", writer.path("link"));
  Deno.linkSync(input, writer.path("second"));
  for (const name of ["input", "link", "second", "folder/../input"]) {
    if (name.startsWith("folder")) writer.folder("folder", 0o755);
    throws(() => keepInputs(writer.path(name), ["-", "none", input]), {
      code: "file",
      message: `${writer.path(name)}: is the input; the output must be another file`,
    });
  }
  keepInputs(writer.path("other"), [input]);
  keepInputs("-", ["-"]);
  keepInputs("/dev/null", ["/dev/null"]);
});
