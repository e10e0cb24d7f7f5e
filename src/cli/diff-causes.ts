import { maskText, toJson, type Cause, type CauseCommit, type FleetDiff, type FoldedChange, type Json } from "../diff/index.ts";
import { ChangeCauses, objectKey, type ChangeCause } from "../fleet/index.ts";
import { fileCommit, lineCommit } from "../git/index.ts";
import { str } from "../python/index.ts";
import type { ComparedFleets } from "./compare-fleets.ts";

/** So many clusters are looked at; each stands for those that have the same changes. */
const MOST_CLUSTERS = 8;
/** So many files are named that all clusters hang on. */
const MOST_FILES = 4;
/** So many lines and files are looked up in the history. */
const MOST_LOOKUPS = 60;

/** What is compared; `from`: the commit that base was made from, where the difference does not say. */
type Compared = Pick<ComparedFleets, "diff" | "base" | "head"> & { readonly from?: string };

/** The difference with what each change comes from, as far as that is found with bounded work. */
export async function withCauses({ diff, base, head, from }: Compared, progress: (text: string) => void): Promise<FleetDiff> {
  const causes = new Map<string, readonly { readonly cause: ChangeCause; readonly alone: boolean }[]>();
  const search = new ChangeCauses(base, head);
  const [was, is] = [base, head].map(({ fleet }) => new Map(fleet.roster.clusters.map((cluster) => [cluster.id, cluster])));
  const open = new Set(diff.changes.filter(({ quiet }) => !quiet));
  const tried = new Set<string>();
  for (let round = 0; round < MOST_CLUSTERS && open.size > 0; round++) {
    const id = mostOften([...open].flatMap(({ clusters }) => clusters.filter((each) => !tried.has(each))));
    if (id === undefined) break;
    tried.add(id);
    const [before, after] = [was?.get(id), is?.get(id)];
    if (before === undefined || after === undefined) continue;
    progress(`looking for causes in ${id}`);
    const found = search.of(before, after);
    for (const change of [...open].filter(({ clusters }) => clusters.includes(id))) {
      open.delete(change);
      const keys = keysOf(change);
      const own = found.filter(({ alone, together }) => keys.some((key) => alone.has(key) || together.has(key)));
      causes.set(
        change.id,
        own.map((cause) => ({ cause, alone: keys.some((key) => cause.alone.has(key)) })),
      );
    }
  }
  const settings = base.inputs === head.inputs ? [] : search.settings();
  const history = new History(diff, head.fleet.folder, from ?? (diff.base.kind === "commit" ? diff.base.commit : null));
  const changes: FoldedChange[] = [];
  for (const change of diff.changes) {
    const own: Cause[] = [];
    for (const { cause, alone } of causes.get(change.id) ?? []) own.push(await history.told(cause, alone));
    // A file that all clusters hang on, or the roster's entry of a cluster that comes or goes.
    if (own.length === 0 && !change.quiet) {
      const files = change.clusters.every((id) => was?.has(id) === is?.has(id)) ? settings : [head.fleet.config.roster];
      for (const file of files.slice(0, MOST_FILES))
        own.push(await history.told({ kind: "file", file, change: "changed", alone: new Set(), together: new Set() }, true));
    }
    changes.push({ ...change, causes: own });
  }
  return { ...diff, changes };
}

function mostOften(ids: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0];
}

function keysOf({ change }: FoldedChange): readonly string[] {
  const refs = change.change === "added" ? [change.after] : change.change === "removed" ? [change.before] : [change.before, change.after];
  return refs.map(({ apiVersion, kind, namespace, name }) => objectKey(apiVersion, kind, namespace, name));
}

/** Looks causes up in git, each place once. */
class History {
  readonly #diff: FleetDiff;
  readonly #folder: string;
  readonly #from: string | null;
  readonly #known = new Map<string, Promise<CauseCommit | null>>();

  constructor(diff: FleetDiff, folder: string, from: string | null) {
    this.#diff = diff;
    this.#folder = folder;
    this.#from = from;
  }

  async told(cause: ChangeCause, alone: boolean): Promise<Cause> {
    if (cause.kind === "file")
      return { kind: "file", file: cause.file, change: cause.change, alone, commit: await this.#ofFile(cause.file) };
    const { at, after } = cause;
    const gone = after === undefined;
    const commit = at?.line === undefined ? null : await (gone ? this.#ofFile(at.file) : this.#ofLine(at.file, at.line));
    return {
      kind: cause.kind,
      key: cause.place.map((step) => str(step)).join(":"),
      before: shown(cause.before),
      after: shown(after),
      at: at === undefined ? null : { file: at.file, line: at.line ?? null },
      alone,
      commit,
    };
  }

  #ofLine(file: string, line: number): Promise<CauseCommit | null> {
    const { head } = this.#diff;
    if (head.kind !== "worktree" && head.commit === null) return Promise.resolve(null);
    return this.#once(`${file}:${line}`, () => lineCommit(this.#folder, file, line, head.commit));
  }

  #ofFile(file: string): Promise<CauseCommit | null> {
    const { head } = this.#diff;
    const from = this.#from;
    if (from === null || (head.kind !== "worktree" && head.commit === null)) return Promise.resolve(null);
    return this.#once(file, () => fileCommit(this.#folder, file, from, head.commit));
  }

  #once(key: string, look: () => Promise<CauseCommit | null>): Promise<CauseCommit | null> {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#known.size >= MOST_LOOKUPS ? Promise.resolve(null) : look();
      this.#known.set(key, known);
    }
    return known;
  }
}

function shown(value: Parameters<typeof toJson>[0] | undefined): Json | null {
  return value === undefined ? null : masked(toJson(value));
}

function masked(value: Json): Json {
  if (typeof value === "string") return maskText(value);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, item === undefined ? null : masked(item)]));
}
