/**
 * Scripts: a file in Python or JavaScript becomes a unikernel, by being added to the image of its language.
 *
 * @module
 */
import { addFiles } from "../../elftool/add_files.ts";
import type { RootFile } from "../../elftool/root_image.ts";
import type { Unikernel } from "../../elftool/unikernel.ts";
import { withoutDevices } from "../../elftool/without_devices.ts";
import { readInput } from "../../linux/files.ts";
import { TenderError } from "../../tender/error.ts";
import type { TenderTarget } from "../../tender/guest.ts";
import { TENDERS } from "../../tender/targets.ts";
import { targetFor } from "../choose_target.ts";
import type { GuestRequest } from "../guest_words.ts";
import { findImage, type ScriptLanguage } from "./images.ts";
import { readPackages } from "./packages.ts";
import { warmImage } from "./warm.ts";

/** What the names of scripts end in. */
const ENDINGS: Readonly<Record<string, ScriptLanguage>> = {
  ".py": "python",
  ".js": "javascript",
  ".mjs": "javascript",
};

/** Where a script is in its unikernel. */
const DIRECTORY = "/app";

/** A script as a unikernel, and the arguments that it needs. */
export interface Script {
  /** Portable. */
  readonly unikernel: Unikernel;
  readonly args: readonly string[];
}

/**
 * Makes a unikernel of a script.
 *
 * @throws {TenderError} "option" if the file is no script, or an option is wrong; "host" if there is no
 * image of its language
 * @throws {ElfError} "file" if a file cannot be read, "root" if packages cannot be added
 */
export async function readScript(request: GuestRequest): Promise<Script> {
  const { file, args, memorySize: memory, asked: { machine } } = request;
  const language = languageOf(request);
  const { packages, images } = optionsOf(request);
  const image = findImage(language, images);
  const files: RootFile[] = [
    scriptFile(file),
    ...(packages === undefined ? [] : readPackages(packages)),
  ];
  const target = await targetFor(request);
  const warm = await warmImage(image, { target, memory, machine });
  const begun = isAlone(request, target) ? withoutDevices(warm) : warm;
  const words = args[0] === "--" ? args.slice(1) : args;
  return {
    unikernel: { ...addFiles(begun, files, { name: file }), name: file },
    args: ["--solo5:quiet", files[0]!.path, ...words],
  };
}

/**
 * Whether a script has no standard input. A packed one has none unless it is given one, since what feeds it
 * would have to stay; and not every target can have one.
 */
function isAlone({ output, devices }: GuestRequest, target: TenderTarget): boolean {
  return (output !== undefined || !TENDERS[target].wires) && devices.length === 0;
}

function languageOf({ file, script: [option] }: GuestRequest): ScriptLanguage {
  const language = ENDINGS[/\.[^./]+$/.exec(file)?.[0] ?? ""];
  if (language !== undefined) return language;
  const endings = Object.keys(ENDINGS).join(", ");
  throw new TenderError("option", `${option}: is for scripts (${endings}), and ${file} is not one`);
}

function scriptFile(file: string): RootFile {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const content = readInput(file);
  return { path: `${DIRECTORY}/${name}`, type: "file", mode: 0o644, mtime: 0, content };
}

/** The last value of each option. */
function optionsOf({ script }: GuestRequest): { packages?: string; images?: string } {
  return Object.fromEntries(script.map((option) => {
    const equals = option.indexOf("=");
    return [option.slice(2, equals), option.slice(equals + 1)];
  }));
}
