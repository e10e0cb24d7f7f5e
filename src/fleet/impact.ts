import { BUILT_IN_NAMESPACES } from "../addon/index.ts";
import { readReachSet, type Reach, type ReachObject, type ReachQuestion, type ReachSet } from "./reach.ts";

/** What is asked about: a value by its path, a grain by its, or a file as compiles ask for it. */
export type ImpactTarget =
  | { readonly kind: "pillar" | "grains" | "id"; readonly keys: readonly string[] }
  | { readonly kind: "everything" }
  | { readonly kind: "file"; readonly questions: readonly string[]; readonly sls: string | undefined };

/** Something that is reached in a cluster. */
export interface Reached {
  readonly addon: string;
  readonly file: string;
  readonly objects: readonly ReachObject[];
}

/** What a change reaches in one cluster. */
export interface ClusterImpact {
  readonly files: readonly Reached[];
  /** Addons that it may add or take away as a whole, where it decides which states the cluster has. */
  readonly mayBring: readonly string[];
}

/** A cluster's record. */
export interface ReachRecord {
  readonly reach: string;
  readonly sets: readonly string[];
  /** Every question about files that the cluster's compile asked. */
  readonly files: readonly string[];
}

/** Answers what changes reach, from the records of what was read. Clusters with equal records are asked once. */
export class Impact {
  readonly #sets = new Map<string, ReachSet>();
  readonly #reaches = new Map<string, Reach>();
  /** By reach, then by what is asked. */
  readonly #answers = new Map<string, Map<string, ClusterImpact>>();

  /**
   * What a change of the target's value reaches. A value is taken to stay of its kind, a scalar to stay a scalar.
   *
   * @param present whether the target is there in this cluster; one that is not is reached where its absence was read
   */
  of(record: ReachRecord, target: ImpactTarget, present = true): ClusterImpact {
    let known = this.#answers.get(record.reach);
    if (known === undefined) this.#answers.set(record.reach, (known = new Map()));
    const key = JSON.stringify([target, present]);
    let answer = known.get(key);
    if (answer === undefined) known.set(key, (answer = this.#of(record, target, present)));
    return answer;
  }

  /** Whether a value is set in a cluster, as far as anything asked for it; `undefined` where nothing did. */
  isSet(record: ReachRecord, keys: readonly string[]): boolean | undefined {
    let asked = false;
    for (const set of this.#allSets(record)) {
      for (const question of set.questions) {
        if (question.root !== "pillar") continue;
        // An item of a list is there with the list.
        if (question.ask === "value" && !question.absent && startsWith(keys, question.keys) && isIndex(keys[question.keys.length]))
          return true;
        if (!startsWith(question.keys, keys)) continue;
        if (!question.absent) return true;
        asked ||= question.keys.length === keys.length;
      }
    }
    return asked ? false : undefined;
  }

  #of(record: ReachRecord, target: ImpactTarget, present: boolean): ClusterImpact {
    const reach = this.#reach(record.reach);
    const hit = (sets: readonly number[]): boolean => sets.some((set) => touches(this.#set(record, set), target, present));
    const all = hit(reach.all);
    const changedSls = new Set(Object.entries(reach.sls).flatMap(([name, sets]) => (hit(sets) ? [name] : [])));
    if (target.kind === "file" && target.sls !== undefined) changedSls.add(target.sls);
    const brought = reach.targets.filter(([, set]) => hit([set])).flatMap(([sls]) => sls);
    const files: readonly Reached[] = [
      ...reach.files.filter((file) => all || changedSls.has(file.sls) || brought.includes(file.sls) || hit(file.sets)),
      ...settingsReached(reach, target),
    ];
    const bySls = new Set([...changedSls, ...brought]);
    const mayBring = Object.entries(reach.declared).flatMap(([addon, sls]) => (sls.some((name) => bySls.has(name)) ? [addon] : []));
    return { files: files.map(({ addon, file, objects }) => ({ addon, file, objects })), mayBring };
  }

  *#allSets(record: ReachRecord): Generator<ReachSet> {
    const { all, targets, sls, files } = this.#reach(record.reach);
    const numbers = new Set([
      ...all,
      ...targets.map(([, set]) => set),
      ...Object.values(sls).flat(),
      ...files.flatMap((file) => file.sets),
    ]);
    for (const number of numbers) yield this.#set(record, number);
  }

  #reach(text: string): Reach {
    let reach = this.#reaches.get(text);
    // Made by `reachOf`.
    if (reach === undefined) this.#reaches.set(text, (reach = text === "" ? NOTHING : JSON.parse(text)));
    return reach ?? NOTHING;
  }

  #set(record: ReachRecord, number: number): ReachSet {
    const text = record.sets[number] ?? "[[],[]]";
    let set = this.#sets.get(text);
    if (set === undefined) this.#sets.set(text, (set = readReachSet(text)));
    return set;
  }
}

const NOTHING: Reach = { all: [], targets: [], sls: {}, files: [], declared: {} };

function touches({ questions, files }: ReachSet, target: ImpactTarget, present: boolean): boolean {
  if (target.kind === "everything") return true;
  if (target.kind === "file") return target.questions.some((question) => files.includes(question));
  return questions.some((question) => question.root === target.kind && depends(question, target.keys, present));
}

/** Whether an answer changes with the value at a path. */
function depends({ keys, ask, absent }: ReachQuestion, path: readonly string[], present: boolean): boolean {
  if (!present)
    return (
      (absent && startsWith(path, keys)) ||
      ((ask === "keys" || ask === "size") && keys.length + 1 === path.length && startsWith(path, keys))
    );
  if (keys.length > path.length) return startsWith(keys, path);
  // Of a list its whole content is what is read, be it an item of it that changes.
  return ask === "value" && !absent && startsWith(path, keys) && (keys.length === path.length || isIndex(path[keys.length]));
}

function isIndex(key: string | undefined): boolean {
  return key !== undefined && /^\d+$/.test(key);
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return path.length >= start.length && start.every((key, index) => path[index] === key);
}

/** What pillar says of addons themselves is read by the second stage: whose objects hang on it, and whose entry in release.yaml. */
function settingsReached({ files }: Reach, target: ImpactTarget): readonly Reached[] {
  if (target.kind !== "pillar") return [];
  const [first, second, third] = target.keys;
  if (first === "addons") {
    const meant = files.filter((file) => second === undefined || file.addon === second);
    const byMode = meant
      .filter((file) => file.declared.length > 0)
      .map(({ addon, file, declared }) => ({ addon, file, objects: declared }));
    const releases = [...new Set(meant.map((file) => file.addon))].map((addon) => ({ addon, file: "release.yaml", objects: [] }));
    if (third === "mode") return [...byMode, ...releases];
    return third === "dependsOn" || third === "prune" || third === "reconcile"
      ? releases
      : third === undefined
        ? [...byMode, ...releases]
        : [];
  }
  if (first !== "halite" || (second !== undefined && second !== "namespaces")) return [];
  const made = new Set(files.flatMap(({ objects }) => objects.flatMap(([kind, , name]) => (kind === "Namespace" ? [name] : []))));
  const foreign = files.filter(({ objects }) =>
    objects.some(([, namespace]) => namespace !== "" && !made.has(namespace) && !BUILT_IN_NAMESPACES.includes(namespace)),
  );
  const addons = new Set(foreign.map((file) => file.addon));
  return files.filter((file) => addons.has(file.addon));
}
