import { createHash } from "node:crypto";
import { renumbered } from "../reach.ts";
import { TICK } from "../cluster-folder.ts";
import type { CacheFolder } from "./folder.ts";
import type { FileAnswers } from "./file-answers.ts";
import { decodeStatePart, encodeStatePart, type ClusterState, type KeptPart, type KeptState, type StatePart } from "./state-part.ts";

/** So many parts at most lie side by side before they are made one. */
const MOST_PARTS = 12;

/** What earlier runs have left of a fleet's clusters, and which of it still holds. */
export class RunState {
  readonly #cache: CacheFolder;
  readonly #prefix: string;
  readonly #parts: readonly { readonly name: string; readonly part: KeptPart }[];
  readonly #newest = new Map<string, { readonly part: KeptPart; readonly state: KeptState }>();
  readonly #changed = new Map<StatePart, ReadonlySet<number>>();
  readonly answers: FileAnswers;

  /**
   * `inputs`: all that every cluster hangs on, as text; `out`: where out/ is.
   */
  constructor(cache: CacheFolder, inputs: string, out: string, answers: FileAnswers) {
    this.#cache = cache;
    this.answers = answers;
    this.#prefix = `state-${short(inputs)}-${short(out)}-`;
    this.#parts = cache.names(this.#prefix).flatMap((name) => {
      const bytes = cache.read(name);
      return bytes === undefined ? [] : [{ name, part: decodeStatePart(bytes) }];
    });
    for (const { part } of [...this.#parts].sort((a, b) => a.part.saved - b.part.saved))
      for (const [id, state] of part.clusters) this.#newest.set(id, { part, state });
  }

  /** The newest state of a cluster, whether or not it still holds. `trusted`: stamps of this time and later are not believed. */
  find(id: string): { readonly state: ClusterState; readonly part: StatePart; readonly trusted: number } | undefined {
    const found = this.#newest.get(id);
    return found === undefined ? undefined : { ...found, trusted: found.part.saved - TICK };
  }

  /** Whether what a cluster came to is what it would come to again. */
  holds(id: string, roster: string): boolean {
    const found = this.#newest.get(id);
    if (found === undefined || found.state.roster !== roster) return false;
    const changed = this.#changedIn(found.part);
    return changed.size === 0 || !found.state.asksAny(changed);
  }

  /** Keeps what a run has compiled. */
  add(part: StatePart): void {
    if (part.clusters.size === 0) return;
    if (this.#parts.length >= MOST_PARTS) this.#joinAll(part);
    else
      this.#cache.write(
        `${this.#prefix}${short(`${part.begun} ${process.pid} ${[...part.clusters.keys()].join(" ")}`)}`,
        encodeStatePart(part),
      );
  }

  /** Makes one part of all. */
  #joinAll(last: StatePart): void {
    const clusters = new Map<string, ClusterState>();
    const asked = [...last.asked];
    const sets = [...last.sets];
    const setNumbers = new Map(sets.map((text, index) => [text, index]));
    const numbers = new Map(asked.map(({ question }, index) => [question, index]));
    for (const [id, { part, state }] of this.#newest) {
      // What does not hold any more would seem to, beside the answers of now.
      if (last.clusters.has(id) || !this.holds(id, state.roster)) continue;
      const questions = state.questions.flatMap((number) => {
        const entry = part.asked[number];
        if (entry === undefined) return [];
        let own = numbers.get(entry.question);
        if (own === undefined) {
          own = asked.push(entry) - 1;
          numbers.set(entry.question, own);
        }
        return [own];
      });
      const reach = renumbered(state.reach, (set) => {
        const text = part.sets[set] ?? "";
        let own = setNumbers.get(text);
        if (own === undefined) {
          own = sets.push(text) - 1;
          setNumbers.set(text, own);
        }
        return own;
      });
      clusters.set(id, { roster: state.roster, outcome: state.outcome, reach, folder: state.folder, questions });
    }
    for (const [id, state] of last.clusters) clusters.set(id, state);
    const begun = Math.min(last.begun, ...this.#parts.map(({ part }) => part.begun));
    const saved = Math.min(last.saved, ...this.#parts.map(({ part }) => part.saved));
    this.#cache.write(
      `${this.#prefix}${short(`joined ${last.begun} ${process.pid}`)}`,
      encodeStatePart({ begun, saved, asked, sets, clusters }),
    );
    for (const { name } of this.#parts) this.#cache.remove(name);
  }

  #changedIn(part: StatePart): ReadonlySet<number> {
    let changed = this.#changed.get(part);
    if (changed === undefined) {
      changed = new Set(part.asked.flatMap((asked, index) => (this.#isSame(part, asked) ? [] : [index])));
      this.#changed.set(part, changed);
    }
    return changed;
  }

  #isSame(part: StatePart, { question, answer, stamp }: StatePart["asked"][number]): boolean {
    if (stamp !== undefined && stamp.modified < part.begun - TICK) {
      const now = this.answers.stampNow(question);
      if (now?.text === stamp.text) return true;
    }
    return this.answers.answer(question) === answer;
  }
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
