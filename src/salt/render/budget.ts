import { FindingError } from "../../finding/index.ts";
import type { RenderBudget } from "../../jinja/index.ts";

/** Steps that a minion's renders may take in all: several times what one template may, so that one that runs away leaves the rest standing. */
const STEPS = 8_000_000;
/** Characters that they may print. */
const OUTPUT = 64 * 1024 * 1024;
/** Characters of data (YAML, JSON …) that they may give for reading. */
const DATA = 320 * 1024;
/** Each character of a source file allows for so many steps, and characters of output, more. */
const STEPS_PER_SOURCE = 200;
const DATA_PER_SOURCE = 20;

/**
 * What all renders of one minion's compile may use together. A tree of many files has more than a small one: what is bounded is how much
 * a little text may cause.
 */
export class MinionBudget implements RenderBudget {
  steps = STEPS;
  outputLength = OUTPUT;
  #data = DATA;

  /** A file that is rendered. */
  source(length: number): void {
    this.steps += length * STEPS_PER_SOURCE;
    this.#data += length * DATA_PER_SOURCE;
    this.outputLength += length * DATA_PER_SOURCE;
  }

  /** Rendered text that is read as data. @throws FindingError `salt-limit-data` */
  data(length: number, file: string): void {
    this.#data -= length;
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
