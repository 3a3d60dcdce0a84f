/**
 * Fuzzing what is read from files: unikernels with all that is made of them, packed executables, and
 * manifests in both of their forms.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { inspect } from "../../../elftool/inspect.ts";
import { readLocator } from "../../../elftool/locate.ts";
import { decodeManifest, encodeManifest } from "../../../elftool/manifest.ts";
import { compileManifest } from "../../../elftool/manifest_source.ts";
import { readSymbols } from "../../../elftool/symbols.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind, type TenderTarget } from "../../../tender/guest.ts";
import { compileMachine } from "../../../tender/hvt/machine.ts";
import { compileImage } from "../../../tender/spt/image.ts";
import { describeFilter } from "../../../tender/spt/packed_filter.ts";
import { encodeImage } from "../../../tender/spt/start.ts";
import { buildUnikernel, MANIFEST } from "../../elftool/builder.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const MEMORY = 2 ** 22;
const named = { name: "x" };
const HVT = { target: 1, manifest: { devices: [] } };
const SPT = { target: 2, manifest: { devices: [] } };

/** ELF files, up to the image or machine that would be started. */
export const elf: FuzzTarget = {
  name: "elf",
  seeds: () => [buildUnikernel(), buildUnikernel(HVT), buildUnikernel(SPT), packed()],
  run(input) {
    refusing(() => void inspect(input, named));
    refusing(() => void [...readSymbols(input, named)]);
    refusing(() => void readLocator(input, named));
    refusing(() => void describeFilter(input, named));
    refusing(() => launchable(input));
  },
};

function packed(): Uint8Array {
  const unikernel = parseUnikernel(buildUnikernel(SPT), named);
  return encodeImage(compileImage(bind(unikernel, "spt", { memorySize: MEMORY })));
}

function launchable(input: Uint8Array): void {
  const unikernel = parseUnikernel(input, named);
  const target = unikernel.abi.target as TenderTarget;
  const guest = bind(unikernel, target, { memorySize: MEMORY });
  if (target === "spt") {
    let end = 0;
    for (const { address, data, memorySize } of compileImage(guest).segments) {
      ok(address >= end && data.length <= memorySize, "segments of the image overlap");
      end = address + memorySize;
    }
  } else {
    const machine = compileMachine(guest, { cycleFrequency: 1n, noExecute: true, devices: [] });
    for (const { address, data } of machine.contents) {
      ok(address >= 0 && address + data.length <= machine.memorySize, "content outside of memory");
    }
  }
}

/** Manifests as a unikernel carries them. */
export const manifest: FuzzTarget = {
  name: "manifest",
  seeds: () => [encodeManifest(MANIFEST), encodeManifest({ devices: [] })],
  run: (input) =>
    refusing(() => {
      const { devices } = decodeManifest(input, named);
      ok(devices.every(({ name }) => /^[0-9A-Za-z]{1,67}$/.test(name)), "a name that is none");
      ok(new Set(devices.map(({ name }) => name)).size === devices.length, "a name twice");
    }),
};

/** Manifests as people write them. */
export const manifestSource: FuzzTarget = {
  name: "manifest_source",
  seeds: () => {
    const devices = MANIFEST.devices;
    const source = { type: "solo5.manifest", version: 1, devices };
    return [new TextEncoder().encode(JSON.stringify(source, null, 1))];
  },
  run: (input) =>
    refusing(() => {
      const manifest = compileManifest(new TextDecoder().decode(input), named);
      decodeManifest(encodeManifest(manifest), named);
    }),
};
