import type { ManifestPart } from "./manifest.ts";

/** A line that is another in a text, counted from 0. */
export interface ChangedLine {
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

/** A part whose text is another one's but for a few lines. */
export interface Sibling {
  readonly part: ManifestPart;
  readonly changes: readonly ChangedLine[];
}

interface Known {
  readonly lines: readonly string[];
  readonly part: ManifestPart;
}

/** So many lines at most differ between siblings. */
const MOST_CHANGES = 4;
const MOST_FAILURES = 16;
/** So many texts at most are looked through for a sibling, before it is known which lines are the ones that differ. */
const MOST_TEXTS = 512;

/**
 * Texts of one file of an addon over the clusters, so that a text is found that differs in a line or two only: where a cluster's own name
 * stands, say. Which lines those are is learned from the first such text; then the rest of the text finds its sibling at once.
 */
export class Siblings {
  readonly #known: Known[] = [];
  readonly #varying = new Set<number>();
  #failures = 0;
  #byRest = new Map<string, Known>();

  /** A sibling was of no use: what differs is not such that a part can be made from another. */
  useless(): void {
    this.#failures++;
  }

  find(text: string): Sibling | undefined {
    if (this.#failures > MOST_FAILURES) return undefined;
    const lines = text.split("\n");
    if (this.#varying.size > 0) {
      const known = this.#byRest.get(this.#rest(lines));
      return known === undefined ? undefined : { part: known.part, changes: changesOf(known.lines, lines) ?? [] };
    }
    for (const known of this.#known) {
      const changes = changesOf(known.lines, lines);
      if (changes === undefined) continue;
      for (const { line } of changes) this.#varying.add(line);
      this.#byRest = new Map(this.#known.map((each) => [this.#rest(each.lines), each]));
      return { part: known.part, changes };
    }
    return undefined;
  }

  /** A part that was parsed from its text. */
  add(text: string, part: ManifestPart): void {
    if (this.#known.length >= MOST_TEXTS) return;
    const known = { lines: text.split("\n"), part };
    this.#known.push(known);
    if (this.#varying.size > 0) this.#byRest.set(this.#rest(known.lines), known);
  }

  #rest(lines: readonly string[]): string {
    const rest = [...lines];
    for (const line of this.#varying) if (line < rest.length) rest[line] = "";
    return rest.join("\n");
  }
}

/** The lines in which two texts of one number of lines differ; `undefined` for more than a few. */
function changesOf(before: readonly string[], after: readonly string[]): readonly ChangedLine[] | undefined {
  if (before.length !== after.length) return undefined;
  const changes: ChangedLine[] = [];
  for (let line = 0; line < after.length; line++) {
    const old = before[line] ?? "";
    const text = after[line] ?? "";
    if (old === text) continue;
    if (changes.length === MOST_CHANGES) return undefined;
    changes.push({ line, before: old, after: text });
  }
  return changes;
}
