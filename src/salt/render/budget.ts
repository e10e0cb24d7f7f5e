import { FindingError } from "../../finding/index.ts";
import { defaultLimits, type RenderBudget } from "../../jinja/index.ts";

/** Steps that a minion's renders may take in all: several times what one template may, so that one that runs away leaves the rest standing. */
const STEPS = 8_000_000;
/** Characters that they may print. */
const OUTPUT = 64 * 1024 * 1024;
/** Characters of data (YAML, JSON …) that they may give for reading. */
const DATA = 320 * 1024;
/** Each character of a source file allows for so many steps, and characters of output, more. */
const STEPS_PER_SOURCE = 200;
const DATA_PER_SOURCE = 20;

/** What some renders used of a budget, and the least there was meanwhile, beside what there was before them. */
export interface Usage {
  readonly steps: number;
  readonly output: number;
  readonly data: number;
  readonly lowest: { readonly steps: number; readonly output: number; readonly data: number };
}

/** Below this a template may be granted less than its own limits. */
const PLENTY = { steps: defaultLimits.steps, output: defaultLimits.outputLength, data: 0 };

interface Mark {
  readonly steps: number;
  readonly output: number;
  readonly data: number;
  readonly lowest: { steps: number; output: number; data: number };
}

/**
 * What all renders of one minion's compile may use together. A tree of many files has more than a small one: what is bounded is how much
 * a little text may cause.
 */
export class MinionBudget implements RenderBudget {
  steps = STEPS;
  outputLength = OUTPUT;
  #data = DATA;
  readonly #marks: Mark[] = [];
  /** Whether so much was used that what a render gives may hang on what others used before it. */
  scarce = false;

  /** A file that is rendered. */
  source(length: number): void {
    this.steps += length * STEPS_PER_SOURCE;
    this.#data += length * DATA_PER_SOURCE;
    this.outputLength += length * DATA_PER_SOURCE;
    this.#notice(this.steps, this.outputLength, this.#data);
  }

  /** Runs renders and tells what they used. */
  metered<T>(run: () => T): { readonly value: T; readonly usage: Usage } {
    const { steps, outputLength: output } = this;
    const data = this.#data;
    const mark = { steps, output, data, lowest: { steps, output, data } };
    this.#marks.push(mark);
    try {
      const value = run();
      const lowest = { steps: mark.lowest.steps - steps, output: mark.lowest.output - output, data: mark.lowest.data - data };
      return { value, usage: { steps: this.steps - steps, output: this.outputLength - output, data: this.#data - data, lowest } };
    } finally {
      this.#marks.pop();
      this.#notice(mark.lowest.steps, mark.lowest.output, mark.lowest.data);
    }
  }

  /** Takes what renders used whose result is taken over. */
  use({ steps, output, data, lowest }: Usage): void {
    this.#notice(this.steps + lowest.steps, this.outputLength + lowest.output, this.#data + lowest.data);
    this.steps += steps;
    this.outputLength += output;
    this.#data += data;
  }

  #notice(steps: number, output: number, data: number): void {
    if (steps < PLENTY.steps || output < PLENTY.output || data < PLENTY.data) this.scarce = true;
    const mark = this.#marks.at(-1);
    if (mark === undefined) return;
    const { lowest } = mark;
    if (steps < lowest.steps) lowest.steps = steps;
    if (output < lowest.output) lowest.output = output;
    if (data < lowest.data) lowest.data = data;
  }

  /** Rendered text that is read as data. @throws FindingError `salt-limit-data` */
  data(length: number, file: string): void {
    this.#data -= length;
    this.#notice(this.steps, this.outputLength, this.#data);
    if (this.#data >= 0) return;
    throw new FindingError({
      code: "salt-limit-data",
      severity: "error",
      message: `the SLS files render to far more text than they hold: ${file} would add ${length} characters to what this minion has had`,
      at: { file },
      advice: "Look for a loop that makes thousands of states or values; a list in pillar or one templated file says the same.",
    });
  }
}
