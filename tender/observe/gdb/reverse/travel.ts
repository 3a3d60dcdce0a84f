/**
 * Goes forwards and backwards in a replay. Backwards is: to a place that was captured before, and forwards
 * from there; on the way more places are captured, closer and closer, until the rest can be counted in
 * single steps.
 *
 * @module
 */
import { TenderError } from "../../../error.ts";
import type { Breakpoint } from "../stub.ts";
import { isWatch, type ReplayMachine } from "./machine.ts";
import { arrivalOf, type Base, type Mark, type Place, pointOf, pointsOf } from "./places.ts";
import { Runner } from "./runner.ts";

/** How the replay has come to a place. */
export type Came =
  | { readonly kind: "step" | "interrupt" | "mark" | "begin" | "end" }
  | { readonly kind: "point"; readonly point: Breakpoint };

/** How long a guest runs between two bases, in milliseconds. */
const EVERY = 100;
/** Into how many parts a way is divided that is too long to be stepped. */
const PARTS = 8;
/** A way that takes no longer is stepped, in milliseconds. */
const STEPPED = 0.05;
/** How much longer a way may be each time that it was too short. */
const PATIENCE = 4;
/** The most bases: then every second one that no debugger was at goes. */
const MOST_BASES = 256;
/** How many steps of a debugger there are between two bases. */
const MOST_STEPS = 4096;
/** How many steps a guest goes on that is interrupted. */
const STEPS_ON = 500;
const BEGIN: Place = { mark: { kind: "input", input: 0 }, back: 0 };
const END: Place = { mark: { kind: "end" }, back: 0 };

/** See the module. */
export class Travel {
  readonly #machine: ReplayMachine;
  readonly #runner: Runner;
  /** Ascending, and none behind the place where the replay is; the first is the beginning. */
  readonly #bases: Base[] = [{ checkpoint: undefined, input: 0, place: BEGIN }];
  #place: Place = BEGIN;
  /** How many instructions there are from a base to the mark of the place. */
  #steps = new Map<Base, number>();
  #stepped = STEPPED;

  /** @param machine at its beginning */
  constructor(machine: ReplayMachine) {
    this.#machine = machine;
    this.#runner = new Runner(machine, { capture: () => this.#push() });
  }

  /** Where the replay is. */
  get place(): Place {
    return this.#place;
  }

  /** Executes an instruction, which may be one that accesses what is watched. */
  step(points: readonly Breakpoint[]): Came {
    if (this.#machine.end !== undefined) return { kind: "end" };
    const { mark, back } = this.#place;
    if (back > 0) this.#place = { mark, back: back - 1 };
    else if (mark.kind === "steps" && mark.count < MOST_STEPS) {
      this.#moveTo({ mark: { kind: "steps", count: mark.count + 1 }, back });
    } else {
      this.#keep();
      this.#moveTo({ mark: { kind: "steps", count: 1 }, back });
    }
    const came = this.#execute(points);
    return this.#machine.end === undefined ? came : this.#ended();
  }

  /** Runs on to one of these points, to a mark where it was before, or until it is `interrupted`. */
  forward(
    points: readonly Breakpoint[],
    { interrupted, mark }: { interrupted: () => boolean; mark?: Mark },
  ): Came {
    if (this.#machine.end !== undefined) return { kind: "end" };
    this.#keep();
    const { point, atMark } = this.#runner.advance({ points, mark, every: EVERY, interrupted });
    if (this.#machine.end !== undefined) return this.#ended();
    if (atMark) {
      this.#moveTo({ mark: mark!, back: 0 });
      return { kind: "mark" };
    }
    if (point === undefined) return this.#stopAnywhere(points);
    this.#stopHere(points);
    return { kind: "point", point };
  }

  /** Goes to where the guest has got so many inputs, or to the end, if it never gets them. */
  async seek(input: number): Promise<Came> {
    const from = this.#bases.findLastIndex((base) => base.input < input);
    if (from < 0) return await this.#begin();
    const mark: Mark = { kind: "input", input };
    await this.#goFrom(from);
    this.#runner.advance({ mark, every: EVERY });
    if (this.#machine.end !== undefined) return this.#ended();
    this.#moveTo({ mark, back: 0 });
    return { kind: "step" };
  }

  /** Goes back by an instruction, which may be one that accesses what is watched. */
  async stepBack(points: readonly Breakpoint[]): Promise<Came> {
    for (;;) {
      this.#leaveBase();
      const { mark, back } = this.#place;
      const place = { mark, back: back + 1 };
      if (this.#isBegin() || !await this.#findWindow(place) && !this.#pop()) {
        return await this.#begin();
      }
      if (this.#place.mark !== mark) continue;
      await this.#goBefore(place);
      if (!points.some(isWatch)) return { kind: "step" };
      const came = this.#execute(points);
      await this.#goBefore(place);
      return came;
    }
  }

  /** Goes back to the last breakpoint, or to before the last access to what is watched. */
  async backward(points: readonly Breakpoint[]): Promise<Came> {
    // Where it is already is no place to go back to.
    const breakpoints = points.filter((point) => !isWatch(point));
    let excluded = pointOf(this.#machine, breakpoints) === undefined ? 0 : 1;
    this.#leaveBase();
    while (points.length > 0 && !this.#isBegin()) {
      const { mark, back } = this.#place;
      if (back > 0 && mark.kind !== "steps") excluded += this.#runner.count({ points, mark });
      const came = await this.#search(points, excluded);
      if (came !== undefined) return came;
      // On to the last place before where a debugger was.
      this.#bases.length = this.#bottom + 1;
      const { checkpoint } = this.#last;
      if (!this.#pop()) break;
      await this.#machine.restore(checkpoint);
      excluded = 0;
    }
    return await this.#begin();
  }

  /** Executes an instruction, and says whether it accesses what is watched. */
  #execute(points: readonly Breakpoint[]): Came {
    const watched = points.filter(isWatch);
    this.#machine.arm(watched, { step: true });
    this.#machine.step();
    const point = pointOf(this.#machine, watched);
    return point === undefined ? { kind: "step" } : { kind: "point", point };
  }

  get #last(): Base {
    return this.#bases.at(-1)!;
  }

  /** The last base where a debugger was. */
  get #bottom(): number {
    return this.#bases.findLastIndex(({ place }) => place !== undefined);
  }

  #isBegin(): boolean {
    return this.#place === BEGIN;
  }

  #moveTo(place: Place): void {
    if (place.mark !== this.#place.mark) {
      this.#steps.clear();
      this.#stepped = STEPPED;
    }
    this.#place = place;
  }

  async #begin(): Promise<Came> {
    await this.#goFrom(0);
    this.#moveTo(BEGIN);
    return { kind: "begin" };
  }

  #ended(): Came {
    this.#moveTo(END);
    return { kind: "end" };
  }

  /** A base where it is that was just left is not before it. */
  #leaveBase(): void {
    while (this.#bases.length > 1 && this.#last.place === this.#place) this.#bases.pop();
  }

  /** The place of the last base becomes the place; false if that is the beginning. */
  #pop(): boolean {
    if (this.#bases.length === 1) return false;
    this.#moveTo(this.#bases.pop()!.place!);
    return true;
  }

  /** The place becomes a base. */
  #keep(): void {
    const place = this.#place;
    if (this.#last.place !== place) this.#push(place);
  }

  #push(place?: Place): void {
    const { input } = this.#machine;
    this.#bases.push({ checkpoint: this.#machine.capture(), input, place });
    if (this.#bases.length <= MOST_BASES) return;
    const kept = this.#bases.filter(({ place }, at) =>
      place !== undefined || at % 2 === 0 || at > MOST_BASES / 2
    );
    this.#bases.splice(0, this.#bases.length, ...kept);
  }

  /** The machine, which points have stopped, becomes the place. */
  #stopHere(points: readonly Breakpoint[]): void {
    const checkpoint = this.#machine.capture();
    this.#moveTo({ mark: { kind: "stop", points, checkpoint }, back: 0 });
  }

  /** The error of a replay that does not come to a place where it was. */
  #lost(): TenderError {
    const { name } = this.#machine;
    return new TenderError("recording", `${name}: the replay does not go the same way each time`);
  }

  /**
   * Stops where the guest was interrupted, some steps on: in a loop, it takes long to tell the place where it
   * was interrupted from others, and the next steps back need not.
   */
  #stopAnywhere(points: readonly Breakpoint[]): Came {
    const address = Number(this.#machine.registers().rip);
    this.#stopHere([{ kind: "software", address }]);
    for (let steps = 0; steps < STEPS_ON; steps++) {
      const came = this.step(points);
      if (came.kind !== "step") return came;
      const point = pointOf(this.#machine, points);
      if (point !== undefined) return { kind: "point", point };
    }
    return { kind: "interrupt" };
  }

  async #goFrom(base: number): Promise<void> {
    this.#bases.length = base + 1;
    await this.#machine.restore(this.#last.checkpoint);
  }

  /**
   * Looks for the last of the points between the last base where a debugger was and here, and goes there.
   *
   * @param excluded how many there are up to the mark that do not count
   */
  async #search(points: readonly Breakpoint[], excluded: number): Promise<Came | undefined> {
    const { mark } = this.#place;
    const bottom = this.#bottom;
    if (mark.kind === "steps") return await this.#searchSteps(points, excluded);
    for (let at = this.#bases.length - 1, stride = 1;; at -= stride, stride *= 2) {
      at = Math.max(at, bottom);
      await this.#machine.restore(this.#bases[at]!.checkpoint);
      const number = this.#runner.count({ points, mark }) - excluded;
      if (number > 0) return await this.#goTo(points, { from: at, number });
      if (at === bottom) return undefined;
    }
  }

  async #goTo(
    points: readonly Breakpoint[],
    { from, number }: { from: number; number: number },
  ): Promise<Came> {
    await this.#goFrom(from);
    let point: Breakpoint | undefined;
    for (let count = 0; count < number; count++) ({ point } = this.#runner.advance({ points }));
    this.#stopHere(points);
    if (isWatch(point!)) await this.stepBack([]);
    return { kind: "point", point: point! };
  }

  /** The same, where a debugger has stepped. */
  async #searchSteps(points: readonly Breakpoint[], excluded: number): Promise<Came | undefined> {
    const { mark, back } = this.#place;
    const steps = mark.kind === "steps" ? mark.count : 0;
    await this.#goFrom(this.#bottom);
    this.#machine.arm(points, { step: true });
    let found: { readonly point: Breakpoint; readonly at: number } | undefined;
    for (let at = 1; at <= steps - back; at++) {
      this.#machine.step();
      const point = pointOf(this.#machine, points);
      if (point === undefined) continue;
      if (isWatch(point)) found = { point, at: at - 1 };
      else if (at < steps - back || excluded === 0) found = { point, at };
    }
    if (found === undefined) return undefined;
    await this.#goBefore({ mark, back: steps - found.at });
    return { kind: "point", point: found.point };
  }

  /**
   * Sees to it that it is known how many instructions there are from the last base to a mark.
   *
   * @returns false if the last base is not before the place, and a debugger was there
   */
  async #findWindow({ mark, back }: Place): Promise<boolean> {
    if (mark.kind === "steps") return mark.count >= back;
    for (;;) {
      const base = this.#last;
      const steps = this.#steps.get(base) ?? await this.#approach(mark);
      if (this.#last === base) {
        if (steps >= back) return true;
        if (base.place !== undefined) return false;
        this.#bases.pop();
        this.#stepped *= PATIENCE;
      }
    }
  }

  /** Makes bases closer to a mark, until the way from the last one can be stepped, and counts its steps. */
  async #approach(mark: Mark): Promise<number> {
    for (;;) {
      const base = this.#last;
      await this.#machine.restore(base.checkpoint);
      const begin = this.#runner.ran;
      this.#runner.advance({ mark });
      const way = this.#runner.ran - begin;
      if (way <= this.#stepped) break;
      await this.#machine.restore(base.checkpoint);
      this.#runner.advance({ mark, every: way / PARTS });
      if (this.#last === base) break;
    }
    await this.#machine.restore(this.#last.checkpoint);
    this.#machine.arm(pointsOf(mark), { step: true });
    let steps = 0;
    do {
      if (this.#machine.end !== undefined) throw this.#lost();
      this.#machine.step();
      steps++;
    } while (!arrivalOf(this.#machine, { points: [], mark }).atMark);
    this.#steps.set(this.#last, steps);
    return steps;
  }

  /** Goes to a place from the last base, from where the steps to its mark are known. */
  async #goBefore({ mark, back }: Place): Promise<void> {
    const base = this.#last;
    const steps = mark.kind === "steps" ? mark.count : this.#steps.get(base)!;
    await this.#machine.restore(base.checkpoint);
    this.#machine.arm([], { step: true });
    for (let left = steps - back; left > 0; left--) this.#machine.step();
    this.#moveTo({ mark, back });
  }
}
