/** A place in a source file. `line` and `column` count from 1. */
export interface Position {
  /** Path as a user would write it: relative to the tree, or `salt://…`, never of this machine. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One step of how a place was reached, innermost first. */
export interface TrailStep extends Position {
  /** `included from`, `imported from`, `rendered for` … */
  readonly how: string;
}

/** What Halite has to say about one place: an error or a warning, in the user's words. */
export interface Finding {
  /** Stable, for machines and for accepting a finding: `jinja-undefined`, `yaml-duplicate-key` … */
  readonly code: string;
  /** A note only says what was decided for the user; a warning should be looked at; an error stops its addon. */
  readonly severity: "error" | "warning" | "note";
  /** What happened, and why. One sentence where one is enough; the first line stands alone. */
  readonly message: string;
  readonly at?: Position;
  /** The lines round the place, already marked. */
  readonly excerpt?: string;
  readonly trail?: readonly TrailStep[];
  /** Where the text at `at` was made from: template line, pillar line. Innermost first. */
  readonly sources?: readonly TrailStep[];
  /** What it does to a production cluster, where the message alone does not say. */
  readonly reason?: string;
  /** What to do about it. */
  readonly advice?: string;
  /** What else was found and is not said by itself, as it is gone when this is: place, message and code of each. */
  readonly follow?: readonly string[];
  /** The reason for which the object accepts it; then it is a note. */
  readonly accepted?: string;
  /** The object that it is about: `DaemonSet storage-csi/node`. */
  readonly object?: string;
  /** The way to the field in that object. */
  readonly field?: readonly (string | number)[];
}

/** An error that carries findings: the one family that Halite throws for bad input. Everything else thrown is a bug. */
export class FindingError extends Error {
  readonly findings: readonly [Finding, ...Finding[]];
  constructor(finding: Finding, ...more: Finding[]) {
    super(finding.message);
    this.name = "FindingError";
    this.findings = [finding, ...more];
  }
}
