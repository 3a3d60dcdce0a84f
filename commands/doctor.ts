/**
 * The command `doctor`: what this host can build and run, and how to fix what it cannot.
 *
 * @module
 */
import { ToolchainError } from "../bindings/error.ts";
import { findToolchain } from "../bindings/tools.ts";
import type { Finding } from "./doctor/finding.ts";
import { examineMemory, examineTun } from "./doctor/host.ts";
import { examineKvm } from "./doctor/kvm.ts";
import { examineSpt } from "./doctor/spt.ts";
import { screenWidth, wrap } from "./columns.ts";
import { type Colour, painter } from "./paint.ts";

/** Examines this host. */
export async function examine(): Promise<Finding[]> {
  return [
    examineKvm(),
    await examineSpt(),
    examineTun(),
    examineCompiler(),
    examineMemory(),
  ];
}

/** Examines whether unikernels can be built. */
export function examineCompiler(
  find: () => { version: string } = findToolchain,
): Finding {
  const subject = "compiler";
  try {
    return { subject, state: "ok", detail: find().version };
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    const fix = "sudo apt-get install gcc binutils";
    return { subject, state: "fault", detail: error.message, fix };
  }
}

/** Findings as a line of JSON. */
export function findingsJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ ok: isWell(findings), findings })}\n`;
}

/** Whether there is no fault. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== "fault");
}

const COLOURS: Readonly<Record<Finding["state"], Colour>> = {
  ok: "green",
  warning: "yellow",
  fault: "red",
};

/** How to show findings. */
interface ShownAs {
  /** Colours a text. */
  readonly paint?: (text: string, colour: Colour) => string;
  /** Width of a line, in characters; commands are never broken. */
  readonly width?: number;
}

/** The column at which details begin. */
const DETAIL = 20;

/** Findings as text, as wide as the terminal; a fix gets a line of its own. */
export function formatFindings(
  findings: readonly Finding[],
  { paint = painter(Deno.stdout), width = terminalWidth() }: ShownAs = {},
): string {
  const indent = " ".repeat(DETAIL);
  return findings.map(({ subject, state, detail, fix }) => {
    const lines = wrap(detail, Math.max(width - DETAIL, DETAIL)).join(`\n${indent}`);
    const found = `${subject.padEnd(10)}${paint(state.padEnd(10), COLOURS[state])}${lines}\n`;
    return fix === undefined ? found : `${found}${indent}try: ${fix}\n`;
  }).join("");
}

/** The width of the terminal. Without one, a program reads the lines, and they are not broken. */
function terminalWidth(): number {
  return Deno.stdout.isTerminal() ? screenWidth() : Infinity;
}
