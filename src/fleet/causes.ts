import { compareText } from "../addon/index.ts";
import { str, type PyDict, type Value } from "../python/index.ts";
import { emptyLike, leavesOf, otherValues, valueAt, withKey, withValue, type DataPlace } from "./changed-data.ts";
import type { FileAs, FileTrial } from "./file-trial.ts";
import { readPlaces, type DataRoot } from "./recorded-reads.ts";

/** What another value does to a line: it reads otherwise, it is not there, or what writes it does not compile. */
export type Effect = "differs" | "gone" | "fails";

/** A value that a line hangs on. */
export interface Cause {
  readonly root: DataRoot | "id";
  readonly place: DataPlace;
  /** Whether it is what stands there that matters, or the key itself, as where a template goes through a mapping, or that it is there. */
  readonly part: "value" | "key" | "presence";
  readonly value: Value;
  readonly effect: Effect;
}

/** What is asked about. */
export interface Subject {
  /** What became of it; nothing where it is as it was. */
  readonly judge: (as: FileAs) => Effect | undefined;
  /** Whether a text is to be seen in it. */
  readonly shows: (text: string) => boolean;
}

/** The data of a cluster that values are looked for in. */
export interface ClusterData {
  readonly data: Readonly<Record<DataRoot, PyDict>>;
  /** Places that matter though no template reads them. */
  readonly also: readonly DataPlace[];
  /** Values that are known to be possible at a place, if any are. */
  readonly elsewhere: (root: DataRoot, place: DataPlace) => readonly Value[] | undefined;
  /**
   * Values that pillar may have at a place instead of a value, none of which is `among` some, where it may not have all of `others`. Default:
   * nothing is known of what it may have.
   */
  readonly possible?: (place: DataPlace, value: Value, others: readonly Value[], among: readonly Value[]) => readonly Value[];
}

const STRENGTH: Readonly<Record<Effect, number>> = { differs: 3, gone: 2, fails: 1 };

/**
 * Finds the values that a line hangs on, by trying others: each value that was read on the way to the file is changed by itself, and the
 * file compiled again.
 */
export function findCauses(trial: FileTrial, cluster: ClusterData, subject: Subject): Cause[] {
  const causes = (["pillar", "grains"] as const).flatMap((root) => new CauseSearch(root, trial, cluster, subject).run());
  return [...causes, ...idCause(trial, subject)].sort(compareCauses);
}

/** Whether a line hangs on something as it would on a condition: it decides whether the line is there rather than what it says. */
export function isCondition({ effect, part }: Cause): boolean {
  return effect !== "differs" || part === "presence";
}

/** Values before conditions, pillar before grains, then by place. */
function compareCauses(a: Cause, b: Cause): number {
  return (
    Number(isCondition(a)) - Number(isCondition(b)) ||
    STRENGTH[b.effect] - STRENGTH[a.effect] ||
    ROOTS.indexOf(a.root) - ROOTS.indexOf(b.root) ||
    comparePlaces(a.place, b.place)
  );
}

const ROOTS: readonly Cause["root"][] = ["pillar", "grains", "id"];

function comparePlaces(a: DataPlace, b: DataPlace): number {
  const index = a.findIndex((step, at) => step !== b[at]);
  const [step, other] = [a[index], b[index]];
  if (step === undefined || other === undefined) return a.length - b.length;
  if (typeof step === "number" && typeof other === "number") return step - other;
  return compareText(str(step), str(other));
}

/** The cluster's id where it was read, or matched, otherwise than as a grain. */
function idCause(trial: FileTrial, { judge }: Subject): Cause[] {
  const root = trial.memo.root("id");
  const read = [...trial.reads].some((question) => {
    const path = trial.memo.paths.at(question >> 2);
    return path === root || path?.parent === root;
  });
  const effect = read ? judge(trial.with({ id: `${trial.minion.id}x` })) : undefined;
  return effect === undefined ? [] : [{ root: "id", place: [], part: "value", value: trial.minion.id, effect }];
}

/** So few places are tried one by one. */
const FEW = 3;

class CauseSearch {
  readonly #root: DataRoot;
  readonly #data: PyDict;
  readonly #trial: FileTrial;
  readonly #cluster: ClusterData;
  readonly #subject: Subject;
  readonly #causes: Cause[] = [];

  constructor(root: DataRoot, trial: FileTrial, cluster: ClusterData, subject: Subject) {
    this.#root = root;
    this.#data = cluster.data[root];
    this.#trial = trial;
    this.#cluster = cluster;
    this.#subject = subject;
  }

  run(): readonly Cause[] {
    const { memo, reads, writerReads } = this.#trial;
    const places = readPlaces(memo, reads, this.#root, this.#data);
    const written = readPlaces(memo, writerReads, this.#root, this.#data).values;
    for (const place of this.#among(written, (each) => this.#othersAt(each, valueAt(this.#data, each) ?? null)[0], true))
      this.#value(place);
    const idle = places.values.filter((place) => !this.#value(place));
    if (this.#root === "pillar") {
      for (const place of this.#cluster.also) this.#value(place);
      const empty = (place: DataPlace): Value | undefined => this.#emptyAt(place);
      this.#without(
        idle.filter((place) => empty(place) !== undefined),
        empty,
      );
    }
    this.#without(
      places.tested.filter((place) => !this.#found(place)),
      () => undefined,
    );
    for (const place of places.listed) this.#listedKey(place);
    this.#mappings(places.mappings);
    return this.#causes;
  }

  /** Whether anything is found at a place or within what stands there. */
  #found(place: DataPlace, effect?: Effect): boolean {
    return this.#causes.some((cause) => (effect === undefined || cause.effect === effect) && isWithin(cause.place, place));
  }

  /** Tries other values at a place; whether any shows. */
  #value(place: DataPlace): boolean {
    const value = valueAt(this.#data, place);
    if (value === undefined || this.#found(place)) return true;
    const effect = this.#effect(place, this.#othersAt(place, value));
    if (effect === undefined) return false;
    // Of a list, the items that matter by themselves.
    if (Array.isArray(value)) {
      const items = leavesOf(value).map((item): DataPlace => [...place, ...item]);
      const taken = items.map((item) => valueAt(this.#data, item) ?? null);
      // No two items become equal, nor one what another was.
      const others = new Map(
        items.map((item) => {
          const all = this.#othersAt(item, valueAt(this.#data, item) ?? null, taken);
          taken.push(...all);
          return [item, all] as const;
        }),
      );
      for (const item of this.#among(items, (each) => others.get(each)?.[0])) {
        const found = this.#effect(item, others.get(item) ?? []);
        if (found !== undefined) this.#add(item, valueAt(this.#data, item) ?? null, found);
      }
      if (this.#found(place)) return true;
    }
    this.#add(place, value, effect);
    return true;
  }

  /** What changes nothing with another value may do so with an empty one, or with none. */
  #without(places: readonly DataPlace[], instead: (place: DataPlace) => Value | undefined): void {
    for (const place of this.#among(places, instead, true)) {
      const value = valueAt(this.#data, place);
      const effect = this.#try(withValue(this.#data, place, instead(place)));
      // Every template fails where a value is missing that it can't do without: that says nothing of a line.
      if (value !== undefined && effect !== undefined && effect !== "fails") this.#add(place, value, effect);
    }
  }

  #othersAt(place: DataPlace, value: Value, among: readonly Value[] = []): readonly Value[] {
    const known = this.#cluster.elsewhere(this.#root, place);
    if (known !== undefined) return known;
    const others = otherValues(value, among);
    return this.#root === "pillar" ? (this.#cluster.possible?.(place, value, others, among) ?? others) : others;
  }

  /** Nothing where a value is empty, or may not be. */
  #emptyAt(place: DataPlace): Value | undefined {
    const value = valueAt(this.#data, place) ?? null;
    const empty = emptyLike(value);
    if (empty === undefined) return undefined;
    return this.#cluster.possible?.(place, value, [empty], []).includes(empty) === false ? undefined : empty;
  }

  /** Narrows places down, by halves, to few among which are those where the other value shows. `seldom`: likely it shows at none. */
  #among(places: readonly DataPlace[], other: (place: DataPlace) => Value | undefined, seldom = false): readonly DataPlace[] {
    if (places.length <= (seldom ? 1 : FEW)) return places;
    const changed = places.reduce((data, place) => withValue(data, place, other(place)), this.#data);
    if (this.#try(changed) === undefined) return [];
    const half = places.length >> 1;
    return places.length <= FEW ? places : [...this.#among(places.slice(0, half), other), ...this.#among(places.slice(half), other)];
  }

  #add(place: DataPlace, value: Value, effect: Effect, part: Cause["part"] = "value"): void {
    this.#causes.push({ root: this.#root, place, part, value, effect });
  }

  /** A key that a template goes through is a value where it is to be seen. */
  #listedKey(place: DataPlace): void {
    const key = place.at(-1);
    const value = valueAt(this.#data, place);
    if (typeof key !== "string" || value === undefined || !this.#subject.shows(key) || this.#found(place, "differs")) return;
    const effect = this.#try(withKey(this.#data, place, `${key}x`));
    if (effect === "differs") this.#add(place, value, effect, "key");
  }

  /** That a mapping is there at all matters where nothing in it does. All are tried together first: it is seldom. */
  #mappings(places: readonly DataPlace[]): void {
    const open = places.filter((place) => !this.#found(place));
    const outermost = open.filter((place) => !open.some((outer) => outer !== place && isWithin(place, outer)));
    const without = outermost.reduce((data, place) => withValue(data, place, undefined), this.#data);
    if (open.length === 0 || this.#try(without) === undefined) return;
    const idle: DataPlace[] = [];
    const needed: [DataPlace, Effect][] = [];
    for (const place of open) {
      if (idle.some((outer) => isWithin(place, outer))) continue;
      const effect = this.#effect(place, [undefined]);
      if (effect === undefined) idle.push(place);
      else needed.push([place, effect]);
    }
    // The innermost says most.
    for (const [place, effect] of needed.reverse()) {
      const value = valueAt(this.#data, place);
      if (value !== undefined && !this.#found(place)) this.#add(place, value, effect, "presence");
    }
  }

  /** What other values at a place do: the first that shows, rather than one that only fails to compile. */
  #effect(place: DataPlace, others: readonly (Value | undefined)[]): Effect | undefined {
    let strongest: Effect | undefined;
    for (const other of others) {
      const effect = this.#try(withValue(this.#data, place, other));
      // Every template fails where a value is missing that it can't do without: that says nothing of a line.
      if (effect === undefined || (effect === "fails" && other === undefined)) continue;
      if (strongest === undefined || STRENGTH[effect] > STRENGTH[strongest]) strongest = effect;
      if (effect !== "fails") break;
    }
    return strongest;
  }

  #try(data: PyDict): Effect | undefined {
    return this.#subject.judge(this.#trial.with({ [this.#root]: data }));
  }
}

function isWithin(place: DataPlace, outer: DataPlace): boolean {
  return outer.every((step, index) => place[index] === step);
}
