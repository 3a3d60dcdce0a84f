/**
 * A progress bar for work that takes long. It is shown on a terminal only.
 *
 * @module
 */
import { hasControls, type TerminalSettings } from "./paint.ts";

/** How far some work has got. */
export interface Progress {
  /** What is being done. */
  readonly what: string;
  /** How much of it is done, from 0 to 1; unknown if not given. */
  readonly part?: number;
}

/** Where progress is shown. */
export interface Screen {
  isTerminal(): boolean;
  writeSync(data: Uint8Array): number;
}

/** How progress is shown. */
export interface ProgressOptions {
  /** Standard error if not given. */
  readonly screen?: Screen;
  /** The environment's if not given. */
  readonly settings?: TerminalSettings;
  /** Milliseconds before anything is shown; 500 if not given. */
  readonly patience?: number;
}

const PATIENCE = 500;
/** Milliseconds from one drawing of the bar to the next. */
const PERIOD = 100;
/** Width of the bar, in characters. */
const WIDTH = 24;

/**
 * Does work that may take long, and shows a bar if it does. The bar is erased at the end.
 *
 * @param work gets a function to report its progress to
 */
export async function withProgress<T>(
  work: (report: (progress: Progress) => void) => Promise<T>,
  options: ProgressOptions = {},
): Promise<T> {
  const { screen = Deno.stderr, patience = PATIENCE } = options;
  if (!hasControls(screen, options.settings)) return await work(() => {});
  const write = (text: string) => screen.writeSync(new TextEncoder().encode(text));
  const start = performance.now();
  let progress: Progress = { what: "" };
  let shown = false;
  const timer = setInterval(() => {
    const elapsed = performance.now() - start;
    if (elapsed < patience) return;
    shown = true;
    // The cursor goes back to the start, so that other output overwrites the bar.
    write(`${CLEAR}${picture(progress, elapsed)}\r`);
  }, Math.min(PERIOD, patience));
  try {
    return await work((now) => progress = now);
  } finally {
    clearInterval(timer);
    if (shown) write(CLEAR);
  }
}

/** Erases the line that the cursor is at the start of (ECMA-48, EL). */
const CLEAR = "\x1b[K";

function picture({ what, part }: Progress, elapsed: number): string {
  const step = Math.floor(elapsed / PERIOD) % WIDTH;
  const bar = part === undefined
    ? `${"-".repeat(step)}#${"-".repeat(WIDTH - step - 1)}`
    : "#".repeat(Math.round(part * WIDTH)).padEnd(WIDTH, "-");
  return `[${bar}] ${what}, ${(elapsed / 1000).toFixed(1)} s`;
}
