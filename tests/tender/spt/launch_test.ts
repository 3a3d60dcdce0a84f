/**
 * The launch code against an independent reader of machine code, and what it says against the C library.
 */
import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { viewOf } from "../../../abi/layout.ts";
import { errorText } from "../../../linux/libc.ts";
import { parseMac } from "../../../tender/devices/net/device.ts";
import { DeviceCompiler, loadDeviceCompiler } from "../../../tender/spt/devices.ts";
import { LAUNCH_X86_64 } from "../../../tender/spt/launch_x86_64.ts";
import { NAME_SLOT, Reason, REASONS_AT, RECORDS_SLOT } from "../../../tender/spt/page.ts";
import { checkListing } from "../../linux/machine_code.ts";

Deno.test("launch: objdump reads the instructions that the comments name, with their operands", async () => {
  await checkListing("tender/spt/launch_x86_64.ts", LAUNCH_X86_64, {
    names: { NAME_SLOT, REASONS_AT, RECORDS_SLOT },
    least: 91,
  });
});

/** What `open` of a file or a device fails with (open(2)). */
const OF_OPEN = [1, 2, 6, 12, 13, 16, 19, 20, 21, 22, 23, 24, 26, 30, 36, 40];

Deno.test("launch: of an error it says what the C library says", () => {
  const { page } = new DeviceCompiler(new Map()).template([], {
    architecture: "x86_64",
  });
  const view = viewOf(page);
  const told = new Set<number>();
  for (let at = REASONS_AT;; at += Reason.size) {
    const { errno, text } = Reason.read(view, at);
    const said = new TextDecoder().decode(
      page.subarray(text + 2).subarray(0, view.getUint16(text, true)),
    );
    equal(said, errno === 0 ? "the kernel refuses\n" : `${errorText(errno)}\n`);
    if (errno === 0) break;
    told.add(errno);
  }
  for (const errno of OF_OPEN) ok(told.has(errno), errorText(errno));
});

Deno.test("launch: guests share one that differ in nothing that it shows", async () => {
  const devices = await loadDeviceCompiler();
  const template = (inherited: number, mac: string) => {
    const properties = { type: "NET_BASIC", mac: parseMac(mac), mtu: 1500 } as const;
    const device = { handle: 1, name: "service", inherited, properties };
    return devices.template([device], { architecture: "x86_64" });
  };
  const first = template(7, "02:00:00:00:00:01");
  const second = template(7, "02:00:00:00:00:02");
  equal(second.page, first.page);
  notDeepEqual(second.devices, first.devices);
  const other = template(8, "02:00:00:00:00:02");
  notDeepEqual(other.page, first.page);
  deepEqual(template(7, "02:00:00:00:00:01"), first);
});
