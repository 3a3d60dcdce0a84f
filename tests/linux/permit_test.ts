/**
 * What is advised to who may not open a device.
 */
import { deepEqual, equal } from "node:assert/strict";
import { permit } from "../../linux/permit.ts";
import { missingTool, notRoot, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";

Deno.test("permit: who may not open a device joins its group, if that may, else gets an entry of their own", () => {
  const [name, , gid] = Deno.readTextFileSync("/etc/group").split("\n")
    .map((line) => line.split(":")).find(([, , gid]) => gid !== "0")!;
  const join = { command: `sudo usermod -aG ${name} "$USER"`, login: true };
  const entry = { command: `sudo setfacl -m u:"$USER":rw /dev/kvm`, login: false };
  const group = Number(gid);
  const permitted = (mode: number, gid: number) => permit("/dev/kvm", { mode, gid });
  deepEqual(permitted(0o20660, group), join);
  deepEqual(permitted(0o20600, group), entry);
  deepEqual(permitted(0o20640, group), entry);
  deepEqual(permitted(0o20660, 0), entry);
  deepEqual(permitted(0o20660, 4_000_000_000), entry);
});

testUnless(
  notRoot ?? missingTool("setfacl"),
  "permit: the command opens the device to this user and to no other",
  async () => {
    const directory = Deno.makeTempDirSync();
    try {
      Deno.chmodSync(directory, 0o755);
      // As the device: root's, and closed to everybody else.
      const path = `${directory}/device`;
      Deno.writeTextFileSync(path, "", { mode: 0o600 });
      const { command } = permit(path);
      const sudo = `sudo() { "$@"; }; USER=4242; ${command}`;
      deepEqual((await execute("sh", ["-c", sudo])).stderr, "");
      const open = (uid: number) => execute("sh", ["-c", `exec 3<> "${path}"`], { uid });
      equal((await open(4242)).status, 0);
      equal((await open(4243)).status === 0, false);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  },
);
