/**
 * The table of options and what is made of it.
 */
import { deepEqual, equal, notDeepEqual, notEqual } from "node:assert/strict";
import { type GuestOption, OUTPUT, PACK_OPTIONS, RUN_OPTIONS } from "../../commands/grammar.ts";
import { type GuestRequest, isPlain, parseArguments } from "../../commands/guest_words.ts";
import { pack, runGuest } from "../../commands/guests.ts";
import { entryOf } from "../../commands/table.ts";
import { loadDeviceWords, readDevices } from "../../commands/device_words.ts";
import { readLimits } from "../../commands/limit_words.ts";
import { readObservation } from "../../commands/observe_words.ts";
import { DEVICE_KINDS } from "../../tender/devices/kinds.ts";
import { net } from "../../tender/devices/net/device.ts";
import { tinyGuest } from "../tender/hvt/tiny_guest.ts";

/** An option as people write it, with a value that its reader takes; `bare`: without one, where it may. */
function written({ name, form, device }: GuestOption, bare = false): string {
  const after = form.slice(2 + name.length);
  if (after === "" || bare) return `--${name}`;
  return device === undefined ? `--${name}=16` : `--${name}:x=16`;
}

/** A request, and what it asks for. */
function fieldsOf({ asked, ...others }: GuestRequest): Record<string, unknown> {
  return { ...others, ...asked };
}

for (const option of [...RUN_OPTIONS, OUTPUT]) {
  Deno.test(`grammar: ${option.form} is read as a part of the request`, () => {
    const request = fieldsOf(parseArguments([written(option), "x.hvt"])!);
    const empty = fieldsOf(parseArguments(["x.hvt"])!);
    const changed = Object.keys(empty).filter((key) =>
      JSON.stringify(request[key]) !== JSON.stringify(empty[key])
    );
    deepEqual(changed, [option.part]);
    if (option.form.includes("[=")) {
      notEqual(parseArguments([written(option, true), "x.hvt"]), undefined);
    }
  });
}

Deno.test("grammar: what asks for more than a run keeps the process that runs it", () => {
  for (const option of RUN_OPTIONS) {
    const { asked } = parseArguments([written(option), "x.spt"])!;
    equal(isPlain(asked), !Object.hasOwn(asked, option.part), option.name);
  }
});

/** The options of a part, each with a value that its reader takes. */
function optionsOf(part: GuestOption["part"]): string[] {
  return RUN_OPTIONS.filter((option) => option.part === part)
    .map((option) => VALUES[option.name] ?? written(option));
}

/** Options that do not take just any value. */
const VALUES: Readonly<Record<string, string>> = {
  "trace-format": "--trace-format=json",
  "gdb": "--gdb=1",
  "inject": "--inject=net-drop:1",
};

Deno.test("grammar: every limit has a reader of its own", () => {
  const read = optionsOf("limits").map((word) => Object.keys(readLimits([word])));
  deepEqual(read.map(({ length }) => length), read.map(() => 1));
  equal(new Set(read.flat()).size, read.length);
});

Deno.test("grammar: every option that shows something of a run asks for something", () => {
  const guest = tinyGuest([], { devices: { x: net.tap("tap0") } });
  const nothing = readObservation([], guest);
  for (const word of optionsOf("observe")) {
    notDeepEqual(readObservation([word], guest), nothing, word);
  }
});

Deno.test("grammar: help shows every option in its form, in the table's order", () => {
  const shown = (command: typeof runGuest) =>
    entryOf(command, []).options.map(({ form, brief }) => `${form}: ${brief.toLowerCase()}`);
  const declared = (options: readonly GuestOption[]) =>
    options.map(({ form, brief }) => `${form}: ${brief.toLowerCase()}`);
  deepEqual(shown(runGuest), declared(RUN_OPTIONS));
  deepEqual(shown(pack), declared([...PACK_OPTIONS, OUTPUT]));
});

Deno.test("grammar: every kind's options are in the table, and its first one makes a device of it", async () => {
  for (const { type, words } of DEVICE_KINDS) {
    const { options } = await words();
    for (const { name } of options) {
      equal(RUN_OPTIONS.find((option) => option.name === name)?.device, type, name);
    }
    const device = readDevices([`--${options[0].name}:x=y`], await loadDeviceWords())["x"];
    equal(device?.type, type);
  }
});
