import type { Finding } from "../../finding/index.ts";
import type { PrintedText, Rendered } from "../../jinja/index.ts";
import { canonical, NotPlain, type Kept, type Memo, type Tracker, type Trie } from "../../memo/index.ts";
import { Ask, PyDict, type Value } from "../../python/index.ts";
import type { StandIns } from "../sls/index.ts";
import type { MinionBudget, Usage } from "./budget.ts";

/** What tells one template render from another, beside the tracked data that it reads. */
export interface RenderPlace {
  readonly text: string;
  readonly display: string;
  readonly saltenv: string;
  readonly sls: string | undefined;
  readonly tplpath: string;
  readonly role: "state" | "pillar";
  readonly variables: ReadonlyMap<string, Value>;
  /** The results of this very render for other minions, where they are at hand. */
  readonly results?: Trie<Kept<KeptRender>> | undefined;
  /** Default: the minion's own texts stand where they are printed. */
  readonly standIns?: StandIns | undefined;
}

/** A template's result as it is kept. */
export interface KeptRender {
  readonly text: string;
  readonly warnings: readonly Finding[];
  readonly usage: Usage;
  /** Where texts stand that are the minion's own: for another minion its own stand there. */
  readonly printed: readonly PrintedText[];
}

/** A render's text for the minion of a tracker. */
export function textFor({ text, printed }: KeptRender, tracker: Tracker): string {
  if (printed.length === 0) return text;
  let [own, end] = ["", 0];
  for (const { at, length, path } of printed) {
    own += text.slice(end, at) + (tracker.printedText(path) ?? "");
    end = at + length;
  }
  return own + text.slice(end);
}

/** Renders of one minion whose results are shared with other minions that would read the same. */
export class RenderMemo {
  readonly memo: Memo;
  readonly tracker: Tracker;
  /** Told of every render's record. */
  readonly #each: ((kept: Kept<KeptRender>, trie: Trie<Kept<KeptRender>>, place: RenderPlace) => void) | undefined;
  #warnings: Finding[] = [];

  constructor(memo: Memo, tracker: Tracker, each?: (kept: Kept<KeptRender>, trie: Trie<Kept<KeptRender>>, place: RenderPlace) => void) {
    this.memo = memo;
    this.tracker = tracker;
    this.#each = each;
  }

  /** A warning was given by the render that is running. */
  warned(finding: Finding): void {
    this.#warnings.push(finding);
  }

  /** What is running can't be shared. */
  alone(): void {
    this.tracker.volatile();
  }

  render(place: RenderPlace, budget: MinionBudget, warn: (finding: Finding) => void, run: (printed?: PrintedText[]) => string): Rendered {
    const variables = variablesText(place.variables);
    if (variables === undefined) return { text: run() };
    const trie = place.results ?? this.memo.lastingTrie<KeptRender>(renderName(place, variables));
    const kept = this.tracker.compute<KeptRender>(
      trie,
      () => {
        const outer = this.#warnings;
        const warnings: Finding[] = [];
        this.#warnings = warnings;
        try {
          const printed: PrintedText[] = [];
          const { value: text, usage } = budget.metered(() => run(printed));
          // Variables that a pillar include gives are shared with other includes.
          if (variablesText(place.variables) !== variables) this.alone();
          return { text, warnings, usage, printed };
        } finally {
          this.#warnings = outer;
          outer.push(...warnings);
        }
      },
      ({ warnings, usage }) => {
        budget.use(usage);
        for (const finding of warnings) warn(finding);
      },
      { tellsPrinted: true },
    );
    this.#each?.(kept, trie, place);
    const { printed } = kept.value;
    if (place.standIns !== undefined && printed.length > 0) {
      const standing = place.standIns(kept.value);
      if (standing !== undefined) return { text: standing };
      for (const { path } of printed) this.tracker.asked(path, Ask.value);
    }
    return { text: textFor(kept.value, this.tracker) };
  }
}

function renderName({ text, display, saltenv, sls, tplpath, role }: RenderPlace, variables: string): string {
  return JSON.stringify(["render", role, display, saltenv, sls ?? null, tplpath, variables, text]);
}

/** `undefined` for variables that are no plain data. */
function variablesText(variables: ReadonlyMap<string, Value>): string | undefined {
  if (variables.size === 0) return "";
  try {
    return canonical(PyDict.of(variables));
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}
