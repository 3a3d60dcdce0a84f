/**
 * Places of a replay, as a debugger has them. This KVM need not count instructions, so a place is known by
 * what leads there: so many instructions before, or behind, a mark that is recognised when the replay gets
 * there again.
 *
 * @module
 */
import type { Checkpoint } from "../../../record/checkpoints.ts";
import type { Breakpoint } from "../stub.ts";
import { isWatch, type ReplayMachine } from "./machine.ts";

/** What is recognised when the replay gets there. */
export type Mark =
  /** The machine as it was captured, stopped by one of these. */
  | {
    readonly kind: "stop";
    readonly points: readonly Breakpoint[];
    readonly checkpoint: Checkpoint;
  }
  /** The guest has got so many inputs. */
  | { readonly kind: "input"; readonly input: number }
  /** So many instructions behind the last base. */
  | { readonly kind: "steps"; readonly count: number }
  /** The end of the replay. */
  | { readonly kind: "end" };

/** A place: `back` instructions before a mark. */
export interface Place {
  readonly mark: Mark;
  readonly back: number;
}

/** A place that the replay can go on from. */
export interface Base {
  /** Undefined for the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** How many inputs the guest had got. */
  readonly input: number;
  /** The place, where a debugger was; undefined where a clock has stopped the guest. */
  readonly place?: Place;
}

/** The breakpoints and watchpoints that a mark is recognised by. */
export function pointsOf(mark: Mark): readonly Breakpoint[] {
  return mark.kind === "stop" ? mark.points : [];
}

/** How the machine has got to where it is. */
export interface Arrival {
  /** Whether that is the mark. */
  readonly atMark: boolean;
  /** Which of the points it is at, if any. */
  readonly point?: Breakpoint;
}

/** Looks where the machine is. */
export function arrivalOf(
  machine: ReplayMachine,
  { points, mark }: { points: readonly Breakpoint[]; mark?: Mark },
): Arrival {
  return { atMark: mark !== undefined && isAt(machine, mark), point: pointOf(machine, points) };
}

/** The point that the machine has stopped at. */
export function pointOf(
  { hit, end, cpu }: ReplayMachine,
  points: readonly Breakpoint[],
): Breakpoint | undefined {
  const watched = hit &&
    points.find((point) =>
      isWatch(point) && point.address === hit.address && point.length === hit.length
    );
  if (watched !== undefined || end !== undefined || points.length === 0) return watched;
  const rip = Number(cpu.registers().rip);
  return points.find((point) => !isWatch(point) && point.address === rip);
}

function isAt(machine: ReplayMachine, mark: Mark): boolean {
  switch (mark.kind) {
    case "end":
      return machine.end !== undefined;
    case "input":
      return machine.input >= mark.input;
    case "stop":
      return pointOf(machine, mark.points) !== undefined && machine.isAt(mark.checkpoint);
    case "steps":
      return false;
  }
}
