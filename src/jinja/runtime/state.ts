import type { Value } from "../../python/index.ts";
import { LimitReached, type CallTrail, type SourcePlace } from "../errors.ts";
import type { Limits, RenderBudget } from "../types.ts";
import type { JinjaTemplate } from "../template.ts";
import type { TemplateModule } from "./module.ts";
import type { Pieces } from "./trace.ts";

/** What is shorter than this is not worth counting. */
const SMALL = 256;

/** One render: what it may still use, where it is, how it got there, and the modules it has imported. */
export class RenderState {
  readonly limits: Limits;
  readonly traced: boolean;
  /** Where the running expression stands. */
  at: SourcePlace;
  /** The calls, includes and imports that led here. */
  trail: CallTrail | undefined = undefined;
  /** Steps left; generated code counts it down. */
  left: number;
  /** Templates imported without context; each runs once a render. */
  readonly modules = new Map<JinjaTemplate, TemplateModule>();
  /** In a traced render: which lines made a captured text. */
  readonly captures = new Map<string, Pieces>();
  /** The same for texts of several lines, by their lines without blanks around. */
  readonly capturedLines = new Map<string, Pieces>();
  #depth = 0;
  #length = 0;
  /** Steps and characters of this render; fewer than the limits where others have used up their common budget. */
  readonly #granted: number;
  readonly #mayPrint: number;

  constructor(limits: Limits, at: SourcePlace, traced: boolean, budget?: RenderBudget) {
    this.limits = limits;
    this.at = at;
    this.traced = traced;
    this.#granted = Math.max(0, Math.min(limits.steps, budget?.steps ?? Infinity));
    this.left = this.#granted;
    this.#mayPrint = Math.max(0, Math.min(limits.outputLength, budget?.outputLength ?? Infinity));
  }

  /** Takes what was used from what several renders have together. */
  charge(budget: RenderBudget): void {
    budget.steps -= this.#granted - Math.max(0, this.left);
    budget.outputLength -= this.#length;
  }

  /** @throws LimitReached `jinja-limit-steps` */
  outOfSteps(at?: SourcePlace): never {
    if (at !== undefined) this.at = at;
    throw new LimitReached(
      "jinja-limit-steps",
      this.#granted < this.limits.steps
        ? `the templates rendered so far have left ${this.#granted} steps, and this one takes more`
        : `the template takes more than ${this.limits.steps} steps`,
      "Look for a loop or recursion that does not end, or that is nested too often.",
    );
  }
  /** Counts work; `length` is text made, in UTF-16 units. @throws LimitReached */
  spend(steps: number, length = 0): void {
    this.left -= steps;
    if (this.left < 0) this.outOfSteps();
    this.#length += length;
    if (this.#length > this.#mayPrint) this.outOfOutput();
  }
  /** @throws LimitReached `jinja-limit-output` */
  outOfOutput(at?: SourcePlace): never {
    if (at !== undefined) this.at = at;
    throw new LimitReached(
      "jinja-limit-output",
      this.#mayPrint < this.limits.outputLength
        ? `the templates rendered so far have left ${this.#mayPrint} characters of output, and this one makes more`
        : `the template makes more than ${this.limits.outputLength} characters`,
      "Look for a loop that prints or joins what it has joined before.",
    );
  }
  /** Counts a value that was made. */
  made<V extends Value>(value: V): V {
    if (typeof value === "string") {
      if (value.length > SMALL) this.spend(0, value.length);
    } else if (Array.isArray(value) && value.length > SMALL) this.spend(value.length >> 4, value.length * 8);
    return value;
  }
  /** Counts a text that was captured, and gives it. */
  captured(text: string): string {
    if (text.length > SMALL) this.spend(0, text.length);
    return text;
  }

  /** Goes one level deeper; `leave` with what this gives. An error leaves the trail as it is, for the report. */
  enter(how: string, at: SourcePlace): CallTrail | undefined {
    const outer = this.trail;
    if (++this.#depth > this.limits.depth) {
      throw new LimitReached(
        "jinja-limit-depth",
        `includes, imports and calls nest more than ${this.limits.depth} levels deep`,
        "Look for a template that includes itself or a macro that calls itself without end.",
      );
    }
    if (--this.left < 0) this.outOfSteps();
    this.trail = { how, at, outer };
    return outer;
  }
  leave(outer: CallTrail | undefined): void {
    this.#depth--;
    this.trail = outer;
  }
}
