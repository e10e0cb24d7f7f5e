import { FindingError, type Finding } from "../../finding/index.ts";
import { JinjaError } from "../../jinja/index.ts";

/** How Salt raises what went wrong: `SaltRenderError`, or another class that its renderers let through, such as `JSONDecodeError`. */
export type RaisedAs = "SaltRenderError" | (string & {});

/**
 * A render that failed. The first finding's message, which is also the error's, is the first line that Salt 3007.1's exception has;
 * position, excerpt and trail are Halite's.
 */
export class SlsRenderError extends JinjaError {
  readonly raisedAs: RaisedAs;
  constructor(raisedAs: RaisedAs, finding: Finding) {
    // A render that a template asks for is, to that template, an error like those of its own.
    super(raisedAs, finding.message, finding);
    this.name = "SlsRenderError";
    this.raisedAs = raisedAs;
  }
}

/** The same error, with where the text was rendered for at the end of its trail. */
export function renderedFor(error: FindingError, what: string, file: string): FindingError {
  const [first, ...more] = error.findings;
  const finding = { ...first, trail: [...(first.trail ?? []), { how: `rendered for ${what}`, file }] };
  return error instanceof SlsRenderError ? new SlsRenderError(error.raisedAs, finding) : new FindingError(finding, ...more);
}
